// Package postgres keeps metadata in PostgreSQL 13 or later.
package postgres
