// Package audit keeps a trail of who did what that cannot be altered unseen.
//
// A [Log] takes an [Event] and hands it to its sinks: a [File], any slog.Handler,
// several at once. Services report to it by an events.Recorder ([NewRecorder]),
// an application by [Log.Record] or by slog ([Log.Handler]). An event is one line
// of JSON whatever is in it, and no [Secret] and no credential by its name gets
// into it.
//
// # What is proven?
//
// Each group of events in a File is followed by a seal: a line with the hash of
// the group and of the seal before, signed with an Ed25519 key. [Verify], or
// anybody with the public key and docs/audit.md, finds from them every line that
// was changed, removed, inserted or moved, and says which is the first.
//
// # What is not?
//
// Whoever holds the private key can write the log anew; whoever controls the
// process can have it record what never happened, or nothing. Keep the key where
// only the service reads it, or give OpenFile a crypto.Signer that asks a device.
// And an end that is cut off exactly behind a seal looks like a log that ended
// there: that shows only by a checkpoint that was kept elsewhere. Files removed
// from the beginning look like files that were removed by their age.
//
// # Where do I keep checkpoints?
//
// Wherever those who can write the files cannot: FileOptions.Checkpoint gets the
// newest seal once a minute and at Close; send it to another machine, a mailbox,
// a bucket that takes no overwriting, a printer. It is one line of text and proves
// itself, so it needs no secrecy. Give it back as VerifyOptions.Checkpoints, and at
// the start as FileOptions.After: then a log that was cut is not continued. What
// was recorded after the last checkpoint can be cut off unseen.
//
// # What happens when the disk is full, or broken?
//
// That is the [Policy] of the Log: Refuse answers 503, and what could not be
// recorded does not happen; Block waits; Drop counts, and says in the log how much
// is missing and where. A File tries again with each event, and writes again as
// soon as it can. After a failed fsync nothing more goes to that file, since the
// system may have dropped what it had of it: the next seal is in a new file and
// says that the end of the one before does not count.
//
// # When is an event on the disk?
//
// When Record returns nil: many events share one fsync, so a hundred writers do
// not wait for a hundred. Under FileOptions.NoWait, Record returns at once, the
// event follows within Delay and the time of an fsync, and a crash loses what had
// not. After a crash, what was not acknowledged behind the last seal is cut off at
// the next start and noted in the log; it is no tampering, and Verify says so.
//
// # How do I rotate?
//
// Set MaxSize, MaxAge and MaxFiles, and nothing else needs to be done. With
// logrotate or the like, call [File.Rotate] on its signal; it may then move or
// compress all files but the newest. The newest must keep its place and name,
// because the chain goes on from it: should it be moved away while the process
// runs, events go on being written to it, until Rotate.
//
// # How do I verify?
//
//	go run ./examples/server audit verify -key audit.pub -checkpoints kept.txt data/audit/*.jsonl
//
// or [Verify]. The exit code is 0 for files in good order, 1 for files that are
// not, with the first bad line, 2 where it could not tell.
package audit
