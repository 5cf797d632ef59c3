"""Own files of an athlete, made into the documents that the inbox takes. Each format has a module; what they need besides Python
is in requirements.txt."""
