// Package peers holds StreamGate's uploads against those of others, in a module
// of its own so that nobody who imports StreamGate gets theirs: tusd, the tus
// server of the protocol's own authors, and a handler that does nothing but
// write the body to a file.
//
// The tests play sequences of tus requests against StreamGate and tusd and
// compare the answers. A difference that is meant stands in the list of
// differences with its reason; any other fails, and so does one that has gone.
//
// The benchmarks run each server as a process of its own, all of them in one
// run and in turn, and report medians and ratios: CPU for large files, memory
// with several clients, small files in a second, and how long a client waits
// that comes back while its old connection still holds the upload.
//
//	make peers    the tests, and each benchmark once, with small files
//	make bench    the long form, with those of the main module
package peers
