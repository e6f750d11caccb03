package sqlite

import (
	"database/sql"

	"github.com/streamgate/streamgate/metadata"
)

// Transaction returns the transaction of SQLite behind one of this package, for
// whoever keeps tables of its own in the same file and wants to write to both or
// neither; false for one of another store. It finds it behind a metadata.Tx that
// has a method Unwrap() metadata.Tx, and is valid as long as that.
//
// It may be shared by other Updates: it must not be committed or undone, a
// statement must not be interrupted (context.WithoutCancel), and a savepoint has to
// be released. Nothing else of the database may be waited for within it.
func Transaction(of metadata.Tx) (*sql.Tx, bool) {
	for of != nil {
		if t, ok := of.(*tx); ok {
			return t.sql, true
		}
		wrapper, ok := of.(interface{ Unwrap() metadata.Tx })
		if !ok {
			break
		}
		of = wrapper.Unwrap()
	}
	return nil, false
}

// Pools returns the connections to the database, for whoever keeps tables of its
// own in the same file: the one that writes, which Updates wait for while somebody
// has it, and those that only read. They are closed with the DB.
func (db *DB) Pools() (writer, readers *sql.DB) { return db.writer, db.reader }

// Error wraps an error of the database with what was being done, as the methods of
// the store do: it matches metadata.ErrFull or metadata.ErrUnavailable where an
// operator can mend it.
func Error(doing string, err error) error { return failed(doing, err) }
