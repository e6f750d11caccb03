package pgtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// A Template is a database that others are copies of: to make tables takes longer than
// most of what a test then does with them.
type Template struct {
	// Fill brings the empty database to what each copy has, and leaves no connection
	// open.
	Fill func(ctx context.Context, dsn string) error

	once sync.Once
	name string
	err  error
}

// Database is the function of that name, for a copy of the template. The first call has
// it filled.
func (p *Template) Database(t testing.TB) (dsn string) {
	t.Helper()
	if binary("postgres") == "" {
		without(t)
	}
	s, err := shared()
	if err == nil {
		p.once.Do(func() { p.err = p.fill(s) })
		err = p.err
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.database(t, p.name)
}

func (p *Template) fill(s *Server) error {
	ctx := context.Background() // no test's: others wait for it
	p.name = fmt.Sprintf("template_%d", databases.Add(1))
	if err := s.do(ctx, "CREATE DATABASE "+p.name); err != nil {
		return err
	}
	return p.Fill(ctx, s.dsn(p.name))
}
