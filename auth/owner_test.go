package auth_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/streamgate/streamgate/auth"
)

var (
	kinds   = []auth.Kind{auth.Asset, auth.Upload, auth.Event}
	actions = []auth.Action{auth.Create, auth.Read, auth.Update, auth.Delete, auth.List, auth.Play}
)

// wanted is what each authorizer says to each action and each who; one column
// per who: the owner, another principal, an admin, nobody.
type wanted map[auth.Action][4]error

func TestEveryActionOnEveryKindByEverybody(t *testing.T) {
	var (
		no   = auth.ErrUnauthenticated
		none = auth.ErrNotFound
	)
	whos := []struct {
		name string
		p    auth.Principal
	}{
		{"the owner", auth.Principal{ID: "ada"}},
		{"another principal", auth.Principal{ID: "bob"}},
		{"an admin", auth.Principal{ID: "root", Admin: true}},
		{"nobody", auth.Principal{}},
	}
	ownerOnly := wanted{
		auth.Create: {nil, nil, nil, no},
		auth.Read:   {nil, none, nil, no},
		auth.Update: {nil, none, nil, no},
		auth.Delete: {nil, none, nil, no},
		auth.List:   {nil, nil, nil, no},
		auth.Play:   {nil, none, nil, no},
	}
	publicPlay := wanted{
		auth.Create: ownerOnly[auth.Create],
		auth.Read:   ownerOnly[auth.Read],
		auth.Update: ownerOnly[auth.Update],
		auth.Delete: ownerOnly[auth.Delete],
		auth.List:   ownerOnly[auth.List],
		auth.Play:   {nil, nil, nil, nil},
	}
	for _, az := range []struct {
		name string
		auth.Authorizer
		want wanted
	}{
		{"OwnerOnly", auth.OwnerOnly(), ownerOnly},
		{"PublicPlay", auth.PublicPlay(auth.OwnerOnly()), publicPlay},
	} {
		for _, action := range actions {
			for _, kind := range kinds {
				object := auth.Object{Kind: kind, ID: "x1", Owner: "ada"}
				if action == auth.Create || action == auth.List {
					object = auth.Object{Kind: kind}
				}
				for i, who := range whos {
					t.Run(fmt.Sprintf("%s: %s wants to %s an %s", az.name, who.name, action, kind), func(t *testing.T) {
						got := az.Authorize(t.Context(), who.p, action, object)
						if want := az.want[action][i]; !errors.Is(got, want) {
							t.Errorf("got %v, want %v", got, want)
						}
					})
				}
			}
		}
	}
}

func TestAdminWithoutAnIDIsNobody(t *testing.T) {
	err := auth.OwnerOnly().Authorize(t.Context(), auth.Principal{Admin: true}, auth.Read, auth.Object{Kind: auth.Asset, ID: "x1"})
	if !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("got %v, want %v", err, auth.ErrUnauthenticated)
	}
}

func TestAnObjectWithoutAnOwnerBelongsToNobody(t *testing.T) {
	for _, id := range []string{"", "ada"} {
		err := auth.OwnerOnly().Authorize(t.Context(), auth.Principal{ID: id}, auth.Read, auth.Object{Kind: auth.Asset, ID: "x1"})
		if err == nil {
			t.Errorf("%q may read it", id)
		}
	}
}
