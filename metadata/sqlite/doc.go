// Package sqlite keeps metadata in one SQLite file: no server to run, no cgo,
// nothing to configure. It implements metadata.Store.
//
//	db, err := sqlite.Open("/srv/video/streamgate.db")
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	store := db.Metadata()
//
// # Durability
//
// What Update acknowledged survives a crash of the process and of the machine:
// the database runs in WAL mode with synchronous=FULL, which means one fsync for
// each Update. There is no option for less. A disk that lies about fsync loses
// what it lied about, and the database stays consistent.
//
// # Concurrency
//
// One connection writes; up to eight read beside it, from a snapshot, and wait
// for no writer. Updates of one process queue in order. Use one process for one
// database: others may open it (a backup, a shell), and Updates then wait for
// their locks within their contexts, for at most 30 seconds, but two servers on
// one file are no way to scale. The file must lie on a local file system: WAL
// needs shared memory, which NFS and SMB have not.
//
// # Files and backup
//
// Beside the database lie a -wal and a -shm file while it is open, and after a
// crash, and a -reserve file (see Failures). The -wal file holds acknowledged
// changes: it belongs to the database, and copying the database file alone loses
// them. For a backup of a running server use SQLite's own means, which waits for
// nobody and needs no more than the shell of SQLite:
//
//	sqlite3 /srv/video/streamgate.db "VACUUM INTO '/backup/streamgate.db'"
//
// The copy is one complete file without a log. To restore, stop the server, put
// the copy in place, remove the old -wal and -shm files, and start.
//
// Files are created with mode 0600. Deleted assets leave their ids behind, some
// 50 bytes each, so that an id never comes to mean something else.
//
// # Failures
//
// On a full disk nothing could be deleted, because that has to be written down,
// too. So 4 MiB are kept in a file beside the database, named as it with -reserve
// at the end, where 16 MiB or more are free; it is given up when an Update that
// deletes something, or the opening, finds no room, and made again later. It may
// be removed at any time.
//
// A full disk answers metadata.ErrFull and an I/O error, a read-only file system
// or a damaged file metadata.ErrUnavailable, each with SQLite's words as the
// cause. The transaction is undone, and the store works again as soon as the
// disk does. The schema is brought up to date by Open; a database that a newer
// version of this package wrote is refused and left as it is.
package sqlite
