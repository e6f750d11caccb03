package metadata_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
)

func TestAnothersAssetLooksLikeNone(t *testing.T) {
	s := newSite(t, nil)
	a := s.asset("ann", "T")
	never := metadata.NewID()
	for _, c := range []call{
		{method: "GET"},
		{method: "HEAD"},
		{method: "PATCH", body: `{"title":"mine"}`},
		{method: "PATCH", body: `{"title":"mine"}`, header: http.Header{"If-Match": {`"1"`}}},
		{method: "PATCH", body: `not json`},
		{method: "PATCH", body: `x`, typ: "text/plain"},
		{method: "DELETE"},
		{method: "DELETE", header: http.Header{"If-Match": {`"7"`}}},
		{method: "GET", header: http.Header{"If-None-Match": {`"1"`}}},
	} {
		for who, status := range map[*auth.Principal]int{bob: 404, none: 401} {
			there, gone := c, c
			there.as, there.path = who, "/"+a.ID
			gone.as, gone.path = who, "/"+never
			one, other := s.do(there), s.do(gone)
			if one.Code != status || other.Code != status {
				t.Errorf("%s by %q: %d, and %d of what is not there; want %d", c.method, who.ID, one.Code, other.Code, status)
			}
			if diff := cmp.Diff(one.Header(), other.Header()); diff != "" {
				t.Errorf("%s by %q: the headers tell whether it is there:\n%s", c.method, who.ID, diff)
			}
		}
	}
	equal(t, "the asset", s.read(a.ID), a)
	s.expect(200, call{path: "/" + a.ID, as: admin})
	s.expect(200, call{method: "PATCH", path: "/" + a.ID, body: `{"title":"N"}`, as: admin})
	equal(t, "owner after an admin's change", s.read(a.ID).Owner, "ann")
	s.expect(204, call{method: "DELETE", path: "/" + a.ID, as: admin})
}

func TestNobodyCreatesAndSearchesNothing(t *testing.T) {
	everything := auth.AuthorizerFunc(func(context.Context, auth.Principal, auth.Action, auth.Object) error { return nil })
	for name, o := range map[string]*metadata.HandlerOptions{"by default": nil, "though all is allowed": {Authorizer: everything}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, o)
			s.asset("ann", "T")
			s.expect(401, call{method: "POST", as: none})
			s.expect(401, call{as: none})
			s.expect(401, call{as: &auth.Principal{Admin: true}})
		})
	}
}

func TestTheAuthorizerIsAskedForTheAction(t *testing.T) {
	var asked []any
	s := newSite(t, &metadata.HandlerOptions{Authorizer: auth.AuthorizerFunc(
		func(_ context.Context, p auth.Principal, a auth.Action, o auth.Object) error {
			asked = []any{p.ID, a, o}
			return auth.ErrForbidden
		})})
	a := s.asset("ann", "T")
	object := auth.Object{Kind: auth.Asset, ID: a.ID, Owner: "ann"}
	for _, c := range []struct {
		call
		want []any
	}{
		{call{as: bob}, []any{"bob", auth.List, auth.Object{Kind: auth.Asset}}},
		{call{as: bob, method: "POST"}, []any{"bob", auth.Create, auth.Object{Kind: auth.Asset, Owner: "bob"}}},
		{call{as: bob, path: "/" + a.ID}, []any{"bob", auth.Read, object}},
		{call{as: bob, path: "/" + a.ID, method: "PATCH"}, []any{"bob", auth.Update, object}},
		{call{as: bob, path: "/" + a.ID, method: "DELETE"}, []any{"bob", auth.Delete, object}},
	} {
		s.expect(403, c.call)
		equal(t, "asked", asked, c.want)
	}
	equal(t, "the asset", s.read(a.ID), a)
}
