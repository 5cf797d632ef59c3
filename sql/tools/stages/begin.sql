BEGIN IMMEDIATE;

{announcement}
