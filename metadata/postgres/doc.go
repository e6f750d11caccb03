// Package postgres keeps metadata in PostgreSQL 13 or later, for several processes
// at once. It implements metadata.Store.
//
//	db, err := postgres.Open(ctx, "postgres://video@db.internal/video", nil)
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	store := db.Metadata()
//
// # What it needs
//
// A database in UTF-8, or a schema of one that the search_path names first, and a
// user who may create tables in it; and the extension pg_trgm, which comes with
// PostgreSQL (in Debian's postgresql, elsewhere in postgresql-contrib) and which
// Open adds where the user may. Where not, an administrator does once:
//
//	CREATE EXTENSION pg_trgm;
//
// Open makes the tables and brings them up to date, one process at a time. A
// database that a newer version of this package wrote is refused and left as it is.
// Names of tables are common words (assets, uploads, outbox): where the database is
// shared, give them a schema of their own, by search_path=video in the connection
// string or ALTER ROLE … SET search_path.
//
// # Durability
//
// What Update acknowledged survives a crash of the server as far as fsync and
// synchronous_commit say; where the latter is off, it is on for Updates all the
// same. When a connection is lost while a transaction is committed, nobody knows
// whether it was: Update returns metadata.ErrUnavailable then, and what it did may
// be there.
//
// # Concurrency
//
// Updates happen one after another, also those of different processes: each holds
// an advisory lock of the database until its commit can be seen. So no Update acts
// upon what another is about to change, quotas are not exceeded by two at once, and
// events become visible in the order of their ids. Those of one process queue in
// the process, and those that wait for each other share a transaction: one that
// fails after it has written makes the others run again. Readers wait for nobody.
//
// An Update waits for other processes as long as its context lasts, and no longer
// than Options.Wait. A process that dies in an Update leaves nothing, and one that
// hangs is undone by the server after Options.Timeout. Updates that stood in the
// way of somebody else's transaction (deadlocks, serialization failures) run again,
// and so does one whose connection was lost before its commit.
//
// Through a pooler, transactions may be pooled, since nothing is kept in a session;
// prepared statements must be let through (PgBouncer 1.21, or
// default_query_exec_mode=exec in the connection string).
//
// # Search
//
// Words are split and folded by this program, to the same rules as everywhere else,
// and kept as a tsvector with a GIN index: a configuration of text search, a
// dictionary or the collation of the server change nothing of what is found.
// Relevance weighs where words stand, how much else there is, and by trigrams how
// close the title comes to what was searched for. Accents on Greek and Cyrillic do
// not count, where SQLite still tells them apart.
//
// Ids have at most 255 bytes, owners 1,000, tags 2,000, which is what indexes take;
// more is metadata.ErrInvalid. Of a text beyond some 700 KB the first part is
// found.
//
// # Failures
//
// A server that is away, restarts, refuses or takes too long answers
// metadata.ErrUnavailable, a full disk metadata.ErrFull, each with the server's
// words as the cause. Connections are made anew by themselves.
package postgres
