"""From generated C++ to a program: compiler, runtime, precompiled header, linker."""
