#include "trees/boosting/score_update_squared.h"

#include <math.h>
#include <string.h>
#include "base/numbers/fixed_point.h"
#include "trees/learner/leaf_rows.h"

#define SQUARED_PART_ROWS       8192
#define PART_SLOTS              1024
#define SQUARED_MIN_SHARED_ROWS (2 * SQUARED_PART_ROWS)
#define SQUARED_MIN_MEAN_UNITS  64
#define MIN_ROOT_ROWS           8192 /* fewer are added up before the histograms of their leaves are */

/* Of what remains. */
typedef struct measures {
    uint64_t bits;           /* all that any size has */
    uint64_t sizes, squares; /* sums; the latter of sizes shifted down by `square_shift` */
} measures;

typedef struct leaf_step {
    size_t id;
    int64_t units;
} leaf_step;

/* Words of a histogram whose counts, times `units`, are added to the root. */
typedef struct root_term {
    const int64_t *words;
    int64_t units;
} root_term;

typedef struct residual_job {
    grower *g;
    leaf_step *leaves;
    size_t n_leaves, part_rows;
    int up, down;     /* bits that all gradients are shifted by */
    int square_shift; /* bits that squares do without */
    root_term *terms;
    size_t n_terms;
    struct {
        measures measured;
        char apart[40]; /* hands write on cache lines of their own */
    } of[ATHLETE_MAX_THREADS];
} residual_job;

/* --- the gradient of a row ------------------------------------------------------------------------------ */

static int64_t read_gradient(const grower *g, size_t row) {
    if (g->gradients.form == GRADIENTS_WIDE)
        return g->gradients.wide[row].gradient / (int64_t)g->gradients.weights[row];
    if (!g->gradients.in_records) return g->gradients.packed[row] >> g->gradients.shift;
    int32_t header;
    memcpy(&header, g->bins->records + row * g->bins->record_bytes, sizeof header);
    return header;
}

static void write_gradient(const grower *g, size_t row, int64_t gradient) {
    if (g->gradients.form == GRADIENTS_WIDE) {
        g->gradients.wide[row].gradient = gradient * (int64_t)g->gradients.weights[row];
    } else if (!g->gradients.in_records) {
        g->gradients.packed[row] = gradient * ((int64_t)1 << g->gradients.shift) + 1;
    } else {
        int32_t header = (int32_t)gradient;
        memcpy(g->bins->records + row * g->bins->record_bytes, &header, sizeof header);
    }
}

static inline measures with_gradient(measures m, int64_t gradient, uint64_t weight, int square_shift) {
    uint64_t sign = -((uint64_t)gradient >> 63), size = ((uint64_t)gradient ^ sign) - sign;
    uint64_t coarse = size >> square_shift;
    m.bits |= size;
    m.sizes += size * weight;
    m.squares += coarse * coarse * weight;
    return m;
}

/* --- passes over all rows ------------------------------------------------------------------------------- */

/* The rows of one leaf in a block of them, and the step that they make. */
typedef struct leaf_run {
    const uint32_t *row, *end;
    size_t before; /* the row at which the block ends */
    int64_t units;
} leaf_run;

static inline void step_records(uint8_t *restrict records, size_t record_bytes, leaf_run run,
                                int square_shift, measures *total) {
    measures m = *total;
    for (; run.row < run.end && *run.row < run.before; run.row++) {
        uint8_t *record = records + *run.row * record_bytes;
        int32_t header;
        memcpy(&header, record, sizeof header);
        int64_t gradient = header + run.units;
        header = (int32_t)gradient;
        memcpy(record, &header, sizeof header);
        m = with_gradient(m, gradient, 1, square_shift);
    }
    *total = m;
}

static void step_packed(int64_t *restrict packed, int shift, leaf_run run, int square_shift,
                        measures *total) {
    measures m = *total;
    int64_t step = run.units * ((int64_t)1 << shift);
    for (; run.row < run.end && *run.row < run.before; run.row++) {
        packed[*run.row] += step;
        m = with_gradient(m, packed[*run.row] >> shift, 1, square_shift);
    }
    *total = m;
}

static void step_weighted(const grower *g, leaf_run run, int square_shift, measures *total) {
    measures m = *total;
    for (; run.row < run.end && *run.row < run.before; run.row++) {
        int64_t gradient = read_gradient(g, *run.row) + run.units;
        write_gradient(g, *run.row, gradient);
        m = with_gradient(m, gradient, g->gradients.weights[*run.row], square_shift);
    }
    *total = m;
}

/* Reads what the runs are about to jump about in, in order, which is how memory is fastest. */
static void fetch(const volatile uint8_t *bytes, size_t n) {
    for (size_t at = 0; at < n; at += 64) (void)bytes[at];
}

static void step_part(void *argument, size_t part, pool_hand *hand) {
    residual_job *job = argument;
    const grower *g = job->g;
    size_t begin = part * job->part_rows, n = g->bins->n_rows - begin;
    n = n < job->part_rows ? n : job->part_rows;
    measures m = job->of[hand->number].measured;
    if (g->gradients.in_records)
        fetch(g->bins->records + begin * g->bins->record_bytes, n * g->bins->record_bytes);
    for (size_t i = 0; i < job->n_leaves; i++) {
        const grown_node *leaf = &g->grown[job->leaves[i].id];
        const uint32_t *rows = g->rows + leaf->begin;
        size_t n_leaf = leaf->end - leaf->begin;
        const leaf_run run = {rows + rows_before(rows, n_leaf, begin, g->bins->n_rows), rows + n_leaf,
                              begin + n, job->leaves[i].units};
        if (g->gradients.form == GRADIENTS_WIDE) step_weighted(g, run, job->square_shift, &m);
        else if (!g->gradients.in_records)
            step_packed(g->gradients.packed, g->gradients.shift, run, job->square_shift, &m);
        else if (g->bins->record_bytes == 32) step_records(g->bins->records, 32, run, job->square_shift, &m);
        else step_records(g->bins->records, g->bins->record_bytes, run, job->square_shift, &m);
    }
    job->of[hand->number].measured = m;
    pool_due(hand, 3 * n + 30 * job->n_leaves);
}

/* Halves are rounded away from 0. */
static int64_t shifted(int64_t gradient, int up, int down) {
    int64_t size = gradient < 0 ? -gradient : gradient;
    size = down > 0 ? (size + ((int64_t)1 << (down - 1))) >> down : size << up;
    return gradient < 0 ? -size : size;
}

static void shift_part(void *argument, size_t part, pool_hand *hand) {
    residual_job *job = argument;
    const grower *g = job->g;
    size_t begin = part * SQUARED_PART_ROWS, n = g->bins->n_rows;
    size_t end = n - begin < SQUARED_PART_ROWS ? n : begin + SQUARED_PART_ROWS;
    for (size_t row = begin; row < end; row++)
        write_gradient(g, row, shifted(read_gradient(g, row), job->up, job->down));
    pool_due(hand, 2 * (end - begin));
}

static athlete_status shift_all(residual_job *job, int up, int down) {
    grower *g = job->g;
    job->up = up;
    job->down = down;
    g->gradients.scale.gradient = ldexp(g->gradients.scale.gradient, up - down);
    if (down > 0) g->has_root = false; /* its sums are not those of rounded numbers */
    for (size_t slot = 0; up > 0 && g->has_root && slot < g->bins->offset[g->bins->n_features]; slot++) {
        gradient_sum sum = slot_sum(g->root[slot], g->gradients.shift);
        g->root[slot] = sum.gradient * ((int64_t)1 << (g->gradients.shift + up)) + sum.hessian;
    }
    size_t n = g->bins->n_rows;
    return pool_run_if(n >= SQUARED_MIN_SHARED_ROWS, g->pool, (n + SQUARED_PART_ROWS - 1) / SQUARED_PART_ROWS,
                       shift_part, job);
}

/* --- the next root -------------------------------------------------------------------------------------- */

static void add_terms(void *argument, size_t part, pool_hand *hand) {
    residual_job *job = argument;
    const grower *g = job->g;
    size_t begin = part * PART_SLOTS, n_slots = g->bins->offset[g->bins->n_features];
    size_t n = n_slots - begin < PART_SLOTS ? n_slots - begin : PART_SLOTS;
    int64_t sums[PART_SLOTS] = {0}, mask = ((int64_t)1 << g->gradients.shift) - 1;
    for (size_t t = 0; t < job->n_terms; t++) {
        const int64_t *words = job->terms[t].words + begin;
        int64_t units = job->terms[t].units;
        for (size_t i = 0; i < n; i++) sums[i] += (words[i] & mask) * units;
    }
    for (size_t i = 0; i < n; i++) g->root[begin + i] += sums[i] * ((int64_t)1 << g->gradients.shift);
    pool_due(hand, n * job->n_terms);
}

typedef struct root_plan {
    const uint32_t *rows;
    size_t n;
    int64_t units;
} root_plan;

/* Rows that no kept histogram counts are added one by one: few, or those of the smaller half of a node whose histogram was the
** last to be made. */
static size_t plan_rows(const residual_job *job, const leaf_step *leaf, root_plan *plan) {
    const grower *g = job->g;
    const grown_node *node = &g->grown[leaf->id];
    *plan = (root_plan){g->rows + node->begin, node->end - node->begin, leaf->units};
    return plan->n;
}

/* Fills the terms, and the rows to add besides; how many of the latter, in rows. The leaves come in the order of their ids, so that
** siblings are neighbours. */
static size_t plan_root(residual_job *job, root_plan *plans, size_t *n_plans) {
    const grower *g = job->g;
    size_t n_rows = 0;
    for (size_t i = 0; i < job->n_leaves; i++) {
        const leaf_step *leaf = &job->leaves[i], *next = leaf + 1;
        int32_t parent = g->nodes[leaf->id].parent;
        const int64_t *own = g->grown[leaf->id].histogram.words;
        const int64_t *both = parent >= 0 ? g->grown[parent].histogram.words : NULL;
        if (own) {
            job->terms[job->n_terms++] = (root_term){own, leaf->units};
        } else if (!both) {
            n_rows += plan_rows(job, leaf, &plans[(*n_plans)++]);
        } else { /* its sibling is a leaf without a histogram, too */
            root_plan first, second;
            plan_rows(job, leaf, &first);
            plan_rows(job, next, &second);
            bool first_smaller = first.n <= second.n;
            root_plan *smaller = first_smaller ? &first : &second, *larger = first_smaller ? &second : &first;
            job->terms[job->n_terms++] = (root_term){both, larger->units};
            smaller->units -= larger->units;
            n_rows += smaller->n;
            plans[(*n_plans)++] = *smaller;
            i++;
        }
    }
    return n_rows;
}

static athlete_status find_root(residual_job *job) {
    grower *g = job->g;
    job->terms = memory_alloc(g->budget, job->n_leaves, sizeof *job->terms);
    root_plan *plans = memory_alloc(g->budget, job->n_leaves, sizeof *plans);
    athlete_status status = job->terms && plans ? ATHLETE_OK : memory_status(g->budget);
    if (status == ATHLETE_OK) {
        size_t n_plans = 0, n_added = plan_root(job, plans, &n_plans);
        size_t n_slots = g->bins->offset[g->bins->n_features], n_features = (size_t)g->bins->n_features;
        /* A product costs about as much as an addition. */
        g->has_root = job->n_terms * n_slots + n_added * n_features < g->bins->n_rows * n_features;
        if (g->has_root) {
            bool shared = job->n_terms * n_slots >= 100000;
            status = pool_run_if(shared, g->pool, (n_slots + PART_SLOTS - 1) / PART_SLOTS, add_terms, job);
            for (size_t i = 0; status == ATHLETE_OK && i < n_plans; i++) {
                int64_t value = plans[i].units * ((int64_t)1 << g->gradients.shift);
                histogram_add(&g->builder, plans[i].rows, plans[i].n, value, g->root);
                if (pool_due(&g->pool->hands[0], plans[i].n * n_features / 2)) status = ATHLETE_INTERRUPTED;
            }
        }
    }
    memory_free(g->budget, plans);
    memory_free(g->budget, job->terms);
    return status;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

/* Units per 1 of a row's gradient, before its weight. */
static double squared_update_scale(const row_gradients *g) {
    return ldexp(g->scale.gradient, -g->weight_bits);
}

/* The steps of all leaves in units; the largest of their sizes. */
static uint64_t find_steps(residual_job *job, double offset) {
    const grower *g = job->g;
    double scale = squared_update_scale(&g->gradients);
    uint64_t largest = 0;
    job->n_leaves = 0;
    for (size_t id = 0; id < g->n_nodes; id++) {
        if (g->nodes[id].left >= 0) continue;
        double step = (double)g->nodes[id].value - offset, limit = ldexp(1, 60) / scale;
        step = step > limit ? limit : step < -limit ? -limit : step;
        int64_t units = fixed_point(step, scale);
        uint64_t size = (uint64_t)(units < 0 ? -units : units);
        largest = size > largest ? size : largest;
        job->leaves[job->n_leaves++] = (leaf_step){id, units};
    }
    job->part_rows = leaf_block_rows(job->n_leaves);
    return largest;
}

static athlete_status advance(squared_update *r, residual_job *job, double offset) {
    grower *g = job->g;
    int bits = g->gradients.bits;
    g->has_root = g->keeps_histograms;
    uint64_t reach = find_steps(job, offset) + ((uint64_t)1 << r->bits) - 1;
    athlete_status status = ATHLETE_OK;
    if (count_bits(reach) > bits + 1) {
        status = shift_all(job, 0, count_bits(reach) - bits - 1);
        find_steps(job, offset);
    }
    int square_bits = (64 - count_bits(g->gradients.total)) / 2;
    job->square_shift = bits + 1 > square_bits ? bits + 1 - square_bits : 0;
    size_t n = g->bins->n_rows, n_parts = (n + job->part_rows - 1) / job->part_rows;
    if (status == ATHLETE_OK)
        status = pool_run_if(n >= SQUARED_MIN_SHARED_ROWS, g->pool, n_parts, step_part, job);
    measures all = {0};
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) {
        const measures *m = &job->of[hand].measured;
        all.bits |= m->bits;
        all.sizes += m->sizes;
        all.squares += m->squares;
    }
    double unit = ldexp(1, job->square_shift) / squared_update_scale(&g->gradients);
    r->mean_squares = (double)all.squares * unit * unit / (double)g->gradients.total;
    r->bits = count_bits(all.bits);
    if (status == ATHLETE_OK && g->has_root) status = find_root(job);
    int spare = bits - r->bits;
    if (status == ATHLETE_OK && r->bits > 0 && (spare >= 2 || spare < 0)) {
        int up = spare > 0 ? spare : 0, down = spare < 0 ? -spare : 0;
        status = shift_all(job, up, down);
        r->bits = bits;
        all.sizes = up > 0 ? all.sizes << up : all.sizes >> down;
    }
    if (all.bits > 0 && all.sizes < SQUARED_MIN_MEAN_UNITS * g->gradients.total) r->kept = false;
    return status;
}

athlete_status squared_update_rows(squared_update *r, grower *g, double offset) {
    residual_job *job = memory_zeroed(g->budget, 1, sizeof *job);
    leaf_step *leaves = memory_alloc(g->budget, g->n_nodes, sizeof *leaves);
    athlete_status status = job && leaves ? ATHLETE_OK : memory_status(g->budget);
    if (status == ATHLETE_OK) {
        job->g = g;
        job->leaves = leaves;
        status = advance(r, job, offset);
    }
    memory_free(g->budget, leaves);
    memory_free(g->budget, job);
    return status;
}

athlete_status squared_update_begin(squared_update *r, grower *g) {
    *r = (squared_update){.kept = g->gradients.counts_rows && !g->gradients.fine, .bits = g->gradients.bits};
    bool worthwhile = g->gradients.form == GRADIENTS_COUNTED && g->bins->n_rows >= MIN_ROOT_ROWS;
    return r->kept && worthwhile ? grower_keep_histograms(g) : ATHLETE_OK;
}
