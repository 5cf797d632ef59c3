INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    {stage},
    {purpose},
    {inputs},
    {products},
    {follows});
