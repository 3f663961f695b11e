"""The intermediate representation: typed nodes, primitives and their laws, and walks over graphs."""
