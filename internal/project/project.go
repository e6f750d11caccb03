// Package project has tests alone: they hold the module to what its documents
// say of it. The dependencies are those of deps.txt, the layout is that of
// docs/design.md, the snippets of the README compile, and every problem that a
// client can meet is described in docs/errors.md.
package project
