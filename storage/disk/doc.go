// Package disk keeps blobs in a directory of the local file system: the default
// storage.Store. Every name is resolved inside an os.Root, so that neither a
// key nor a symbolic link leads out of the directory.
//
// # What is in the directory
//
//	FORMAT    the version of this layout, one line of text
//	LOCK      held by the process that owns the directory; has its id in it
//	locks/    of processes that share it
//	blobs/    committed blobs, each a plain file: that of the key assets/x2/source.mp4
//	          is blobs/assets/x/x2+source.mp4
//	drafts/   blobs that are being written, each a file by its key with a "+" in
//	          the place of each "/": drafts/assets+x2+source.mp4
//
// Below blobs/ there is a directory for the first element of keys, in it one for
// the first byte of the second element, and there a file by the rest of the key.
// A key of one element is a file in blobs/ itself. Where more than 200 bytes are
// left for a name, each 200 but the last are a directory whose name ends in "~".
//
// The name of an imported file ends in "~import". It is a line of JSON with the
// path, size and time of a file that lies elsewhere and is never touched. No
// key contains a "~", so no upload can pass for one. Other files beside these
// (a database, say) are left alone.
//
// # What may be deleted
//
// While no process has the directory open: any file below drafts/, at the price
// of beginning that upload again; any file below blobs/, at the price of that
// blob; whatever ends in "~new"; empty directories; LOCK. Never FORMAT: without
// it, the directory is refused. While a process has it open, delete through it.
//
// # How to back it up
//
// Copy blobs/ and FORMAT with any tool, at any time: a file below blobs/ never
// changes once it is there, so an incremental copy by name is enough. drafts/
// need not be copied. Take the database first and the blobs after it, so that
// no asset of the copy lacks its blob. To restore, copy both back before a
// process opens the directory. Hard links and snapshots do as well.
//
// # Who may open it
//
// One process at a time, unless all that open it say Options.Shared. The next is refused with ErrInUse, which names the
// directory and the process that has it. The lock is the operating system's
// (flock, LockFileEx) and ends with the process, even by kill -9: a LOCK file
// that was left behind means nothing. Network file systems whose flock does not
// reach other machines do not protect against an owner there.
//
// Processes of one machine that share the directory hold LOCK together, and locks/
// has a lock for whoever opens the directory and 64 for keys: names change under
// that of their key. The file of a draft is locked as long as somebody has the draft
// open: Append of another process is storage.ErrBusy then, and finds it free once
// that process is gone. What one deletes the others find gone at their next call.
// Empty directories stay. On a network file system other machines may hold a name
// for what it was a moment ago, so that it is not for several of those.
//
// # When the disk is full or broken
//
// A write that does not fit is undone and reported as storage.ErrFull, errors
// of the device and read-only file systems as storage.ErrUnavailable. Nothing
// that was acknowledged is lost, no reader sees half of anything, and the draft
// goes on once there is room. Deleting needs no room.
//
// A failed fsync is final for its draft: the kernel may have dropped the bytes
// and will report success when asked again. So the draft is cut back to what
// the last successful Sync covered, is of no further use, and the next Append
// goes on from there.
//
// A Commit whose directories cannot be synced is undone. Where the disk refuses
// even that, the blob stays visible: its bytes are on disk, only its name may
// be lost by a crash of the machine, and Commit can be tried again.
//
// # What is synced when
//
//	Create   nothing: a draft exists for certain after its first Sync
//	Write    nothing
//	Sync     the file; the first time, the directories that lead to it
//	Append   the file and those directories, unless this process has closed the
//	         draft: what a killed one had written and not synced counts from
//	         then on
//	Close    as Sync, when something was not synced
//	Commit   the file and the directories above its place, at the same time; then
//	         the directories at both ends of the rename, at the same time
//	Delete   the directories, before it returns
//	Import   the reference, then the directories that lead to it
//
// On file systems that cannot sync a directory, and on Windows, which has no
// such operation, that part is left out.
package disk
