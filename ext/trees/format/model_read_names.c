/* Reads the names of features, of their categories and of classes.
**
** Categories are stated in one of two ways. Ours is an attribute with a list of names per feature, in the order of
** their bytes. XGBoost's, from version 3.1 on, is the container `cats` (its src/data/cat_container.cc), made when it
** was trained on a data frame, with names or with whole numbers in any order. A data frame's values are recoded by it
** before they are scored, and so they are here: names are put into the order of their bytes, and a number becomes a
** category of that number, by giving the categories in the splits other numbers as they are read. */
#include <stdio.h>
#include <string.h>
#include "base/text/name_sort.h"
#include "trees/format/model_reader.h"

#define MODEL_PATH     "learner.gradient_booster.model"
#define ATTRIBUTE_PATH "learner.attributes."

/* The forest's `strings` has room for `used` and all that will be added. */
static const char *keep(model_reader *r, size_t *used, const char *bytes, size_t length) {
    char *kept = r->model->strings + *used;
    memcpy(kept, bytes, length);
    kept[length] = '\0';
    *used += length + 1;
    return kept;
}

/* --- features ------------------------------------------------------------------------------------------- */

static bool names_check_unique(model_reader *r, const char *const *names, size_t n) {
    uint32_t *order = memory_alloc(r->budget, 2 * n, sizeof *order);
    if (!order) {
        r->status = memory_status(r->budget);
        return false;
    }
    size_t twice = name_sort(names, n, order);
    if (twice < n) reader_fail(r, "%s.feature_names[%zu] is there twice", r->path, twice);
    memory_free(r->budget, order);
    return r->status == ATHLETE_OK;
}

/* The array of that name if it is there and not empty, and then it has one item per feature. */
static const cJSON *per_feature(model_reader *r, const cJSON *object, const char *name) {
    if (!reader_has(object, name)) return NULL;
    const cJSON *array = reader_array(r, object, name);
    int n = array ? cJSON_GetArraySize(array) : 0;
    if (n == 0) return NULL;
    if (number_list_of(&r->text, array, &(number_list){.n = 0})) {
        reader_fail(r, "%s.%s[0] is a number", r->path, name);
        return NULL;
    }
    if (n == r->model->n_features) return array;
    reader_fail(r, "%s.%s has %d items, the model has %d features", r->path, name, n, r->model->n_features);
    return NULL;
}

static bool names_read_features(model_reader *r, const cJSON *learner, size_t *used) {
    const cJSON *array = per_feature(r, learner, "feature_names");
    if (!array) return r->status == ATHLETE_OK;
    size_t n = (size_t)r->model->n_features, i = 0;
    const char **names = r->model->feature_names = memory_alloc(r->budget, n, sizeof *names);
    if (!names) {
        r->status = memory_status(r->budget);
        return false;
    }
    for (const cJSON *item = array->child; item; item = item->next, i++) {
        if (!cJSON_IsString(item) || !*item->valuestring) {
            return reader_fail(r, "%s.feature_names[%zu] is not a name", r->path, i);
        }
        names[i] = keep(r, used, item->valuestring, strlen(item->valuestring));
    }
    return names_check_unique(r, names, n);
}

static bool check_feature_types(model_reader *r, const cJSON *learner) {
    static const char *const known[] = {"q", "float", "int", "i", "c"};
    const cJSON *array = per_feature(r, learner, "feature_types");
    size_t i = 0;
    for (const cJSON *item = array ? array->child : NULL; item; item = item->next, i++) {
        size_t k = 0, n = sizeof known / sizeof *known;
        while (k < n && !(cJSON_IsString(item) && strcmp(item->valuestring, known[k]) == 0)) k++;
        if (k == n) {
            return reader_fail(r, "%s.feature_types[%zu] is not q, float, int, i or c", r->path, i);
        }
    }
    return r->status == ATHLETE_OK;
}

/* --- categories, our way -------------------------------------------------------------------------------- */

static bool begin_categories(model_reader *r) {
    r->categories = renumberings_begin(r->budget, r->model);
    if (!r->categories) r->status = memory_status(r->budget);
    return r->status == ATHLETE_OK;
}

static bool begin_names(model_reader *r, int feature, size_t n) {
    category_names *names = &r->model->categories[feature];
    names->name = memory_alloc(r->budget, n, sizeof *names->name);
    if (!names->name) r->status = memory_status(r->budget);
    names->n = r->categories[feature].n = n;
    return r->status == ATHLETE_OK;
}

/* The texts of a list, in the order of their bytes. */
static bool read_list(model_reader *r, const cJSON *list, const char **names, size_t *used) {
    size_t i = 0;
    for (const cJSON *item = list->child; item; item = item->next, i++) {
        if (!cJSON_IsString(item)) return reader_fail(r, "%s[%zu] is not a name", r->path, i);
        names[i] = keep(r, used, item->valuestring, strlen(item->valuestring));
        if (i > 0 && strcmp(names[i], names[i - 1]) <= 0)
            return reader_fail(r, "%s[%zu] is not after the name before it", r->path, i);
    }
    return true;
}

static bool read_our_names(model_reader *r, int feature, const cJSON *list, size_t *used) {
    snprintf(r->path, sizeof r->path, ATTRIBUTE_PATH ATHLETE_CATEGORIES_ATTRIBUTE "[%d]", feature);
    if (!cJSON_IsArray(list)) return reader_fail(r, "%s is not a list", r->path);
    size_t n = (size_t)cJSON_GetArraySize(list);
    if (n > ATHLETE_MODEL_MAX_CATEGORIES) return reader_fail(r, "%s is too long", r->path);
    if (n == 0) return true;
    return begin_names(r, feature, n) && read_list(r, list, r->model->categories[feature].name, used);
}

static bool read_our_categories(model_reader *r, const cJSON *lists, size_t *used) {
    int n = cJSON_IsArray(lists) ? cJSON_GetArraySize(lists) : -1, feature = 0;
    if (n != r->model->n_features)
        return reader_fail(r, "%s is not a list of %d lists, one per feature", r->path, r->model->n_features);
    if (!begin_categories(r)) return false;
    for (const cJSON *list = lists->child; list && r->status == ATHLETE_OK; list = list->next)
        read_our_names(r, feature++, list, used);
    return r->status == ATHLETE_OK;
}

static bool read_our_classes(model_reader *r, const cJSON *list, size_t *used) {
    category_names *classes = &r->model->classes;
    size_t n = forest_n_classes(r->model);
    if (n == 0) return reader_fail(r, "%s is of a model that has no classes", r->path);
    if (!cJSON_IsArray(list) || (size_t)cJSON_GetArraySize(list) != n)
        return reader_fail(r, "%s is not a list of %zu names, one per class", r->path, n);
    classes->name = memory_alloc(r->budget, n, sizeof *classes->name);
    if (!classes->name) {
        r->status = memory_status(r->budget);
        return false;
    }
    classes->n = n;
    return read_list(r, list, classes->name, used);
}

typedef bool names_reader(model_reader *r, const cJSON *root, size_t *used);

/* What stands in an attribute, a JSON text; nothing where that is NULL. */
static bool read_attribute(model_reader *r, const char *name, const char *text, names_reader *read,
                           size_t *used) {
    if (!text) return true;
    cJSON *root;
    athlete_fault fault;
    snprintf(r->path, sizeof r->path, ATTRIBUTE_PATH "%s", name);
    r->status = json_parse(text, strlen(text), &root, &fault);
    if (r->status == ATHLETE_INVALID) {
        r->status = ATHLETE_OK;
        return reader_fail(r, "%s is not JSON: %s", r->path, fault.text);
    }
    if (r->status != ATHLETE_OK) return false;
    read(r, root, used);
    cJSON_Delete(root);
    return r->status == ATHLETE_OK;
}

/* --- categories, XGBoost's way -------------------------------------------------------------------------- */

/* XGBoost up to at least 3.2 counts the characters of a name where it means bytes, so that names which are not ASCII
** are cut in wrong places. */
static bool read_their_names(model_reader *r, int feature, const cJSON *encoding, size_t *used) {
    number_list offsets, bytes;
    if (!reader_numbers(r, encoding, "offsets", &offsets) || !reader_numbers(r, encoding, "values", &bytes)) {
        return false;
    }
    if (offsets.n <= 1 && bytes.n == 0) return true; /* not a categorical feature */
    if (offsets.n <= 1 || offsets.values[0] != 0 || offsets.values[offsets.n - 1] != (double)bytes.n) {
        return reader_fail(r, "%s.offsets do not go from 0 to the number of values", r->path);
    }
    if (!begin_names(r, feature, offsets.n - 1)) return false;
    for (size_t i = 0; i < bytes.n; i++) {
        if (!is_whole(bytes.values[i], 1, 127)) {
            return reader_fail(r, "%s.values[%zu] is not ASCII: XGBoost does not store other names whole",
                               r->path, i);
        }
    }
    for (size_t i = 1; i < offsets.n; i++) {
        double start = offsets.values[i - 1];
        if (!is_whole(offsets.values[i], start, (double)bytes.n)) {
            return reader_fail(r, "%s.offsets[%zu] is not the end of a name", r->path, i);
        }
        char *name = r->model->strings + *used;
        for (double at = start; at < offsets.values[i]; at++) {
            r->model->strings[(*used)++] = (char)bytes.values[(size_t)at];
        }
        r->model->strings[(*used)++] = '\0';
        r->model->categories[feature].name[i - 1] = name;
    }
    size_t twice;
    r->status = categories_sort(r->budget, &r->model->categories[feature], &r->categories[feature], &twice);
    if (r->status == ATHLETE_INVALID) {
        r->status = ATHLETE_OK;
        return reader_fail(r, "%s has the name of category %zu twice", r->path, twice);
    }
    return r->status == ATHLETE_OK;
}

static bool read_their_numbers(model_reader *r, int feature, const cJSON *encoding) {
    number_list values;
    if (!reader_numbers(r, encoding, "values", &values)) return false;
    if (values.n == 0) return true;
    uint32_t *to = r->categories[feature].to = memory_alloc(r->budget, values.n, sizeof *to);
    if (!to) {
        r->status = memory_status(r->budget);
        return false;
    }
    r->categories[feature].n = values.n;
    for (size_t i = 0; i < values.n; i++) {
        if (!is_whole(values.values[i], 0, ATHLETE_MODEL_MAX_CATEGORIES - 1)) {
            return reader_fail(r, "%s.values[%zu] is not a whole number from 0 to 16777215", r->path, i);
        }
        to[i] = (uint32_t)values.values[i];
    }
    return true;
}

static bool read_their_categories(model_reader *r, const cJSON *encodings, size_t *used) {
    if (!begin_categories(r)) return false;
    int feature = 0;
    for (const cJSON *item = encodings->child; item && r->status == ATHLETE_OK; item = item->next) {
        snprintf(r->path, sizeof r->path, MODEL_PATH ".cats.enc[%d]", feature);
        if (!cJSON_IsObject(item)) return reader_fail(r, "%s is not an object", r->path);
        if (reader_has(item, "offsets")) read_their_names(r, feature, item, used);
        else read_their_numbers(r, feature, item);
        feature++;
    }
    return r->status == ATHLETE_OK;
}

/* --- all ------------------------------------------------------------------------------------------------ */

/* XGBoost's encodings, one per feature, or NULL. */
static const cJSON *find_their_categories(model_reader *r, const cJSON *learner) {
    const cJSON *booster = reader_object(r, learner, "gradient_booster");
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(booster, "model");
    if (!reader_has(model, "cats")) return NULL;
    snprintf(r->path, sizeof r->path, MODEL_PATH);
    const cJSON *cats = reader_object(r, model, "cats");
    snprintf(r->path, sizeof r->path, MODEL_PATH ".cats");
    return cats ? per_feature(r, cats, "enc") : NULL;
}

static const char *find_attribute(model_reader *r, const cJSON *learner, const char *name) {
    if (!reader_has(learner, "attributes")) return NULL;
    const cJSON *attributes = reader_object(r, learner, "attributes");
    if (!reader_has(attributes, name)) return NULL;
    snprintf(r->path, sizeof r->path, "learner.attributes");
    return reader_string(r, attributes, name);
}

/* No less than the bytes of all names and their terminators. */
static size_t names_room(const model_reader *r, const cJSON *learner, const char *ours, const char *classes,
                         const cJSON *theirs) {
    size_t room = 1 + (ours ? strlen(ours) : 0) + (classes ? strlen(classes) : 0);
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(learner, "feature_names");
    for (const cJSON *item = names ? names->child : NULL; item; item = item->next) {
        if (cJSON_IsString(item)) room += strlen(item->valuestring) + 1;
    }
    for (const cJSON *item = theirs ? theirs->child : NULL; item; item = item->next) {
        number_list offsets, bytes;
        if (number_list_of(&r->text, cJSON_GetObjectItemCaseSensitive(item, "offsets"), &offsets) &&
            number_list_of(&r->text, cJSON_GetObjectItemCaseSensitive(item, "values"), &bytes)) {
            room += offsets.n + bytes.n;
        }
    }
    return room;
}

bool model_read_names(model_reader *r, const cJSON *learner) {
    const char *ours = find_attribute(r, learner, ATHLETE_CATEGORIES_ATTRIBUTE);
    snprintf(r->path, sizeof r->path, "learner");
    const char *classes = find_attribute(r, learner, ATHLETE_CLASSES_ATTRIBUTE);
    snprintf(r->path, sizeof r->path, "learner");
    const cJSON *theirs = find_their_categories(r, learner);
    if (r->status == ATHLETE_OK && ours && theirs) {
        return reader_fail(r, "the categories are both in " MODEL_PATH
                              ".cats and in learner.attributes." ATHLETE_CATEGORIES_ATTRIBUTE);
    }
    if (r->status != ATHLETE_OK) return false;
    r->model->strings = memory_alloc(r->budget, names_room(r, learner, ours, classes, theirs), 1);
    if (!r->model->strings) {
        r->status = memory_status(r->budget);
        return false;
    }
    size_t used = 0;
    snprintf(r->path, sizeof r->path, "learner");
    if (!names_read_features(r, learner, &used) || !check_feature_types(r, learner)) return false;
    if (!read_attribute(r, ATHLETE_CLASSES_ATTRIBUTE, classes, read_our_classes, &used)) return false;
    if (theirs) return read_their_categories(r, theirs, &used);
    return read_attribute(r, ATHLETE_CATEGORIES_ATTRIBUTE, ours, read_our_categories, &used);
}
