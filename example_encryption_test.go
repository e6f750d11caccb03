package streamgate_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
)

// Bought says who may have the keys of an asset.
func (myApp) Bought(user, asset string) bool { return user != "" && asset != "" }

// Segments that anybody may fetch, and keys for who bought the film.
func ExampleWithEncryption() {
	run := func(dir string, secret []byte, app myApp) error {
		owner := auth.OwnerOnly()
		rules := auth.AuthorizerFunc(func(ctx context.Context, p auth.Principal, a auth.Action, o auth.Object) error {
			switch {
			case a == auth.Play: // a CDN may keep what is encrypted
				return nil
			case a == auth.Key && app.Bought(p.ID, o.ID):
				return nil
			}
			return owner.Authorize(ctx, p, a, o)
		})

		keys, err := hls.NewDerivedKeys(hls.MasterSecret{ID: "2026", Secret: secret}) // 32 random bytes
		if err != nil {
			return err
		}
		gate, err := streamgate.New(dir,
			streamgate.WithAuthenticator(app.User),
			streamgate.WithAuthorizer(rules), // asked for auth.Play, and for auth.Key
			streamgate.WithEncryption(&hls.Encryption{Scheme: hls.SampleAES, Keys: keys}))
		if err != nil {
			return err
		}
		fmt.Println("it is encrypted")
		return gate.Stop(context.Background())
	}

	dir, err := os.MkdirTemp("", "streamgate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	secret := make([]byte, hls.MinMasterSecret)
	rand.Read(secret)
	if err := run(dir, secret, myApp{}); err != nil {
		fmt.Println(err)
	}
	// Output: it is encrypted
}
