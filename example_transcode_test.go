package streamgate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/transcode"
)

// A profile of the application's own, beside the default one.
func ExampleWithTranscoder() {
	dir, err := os.MkdirTemp("", "video")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	gate, err := streamgate.New(dir, streamgate.WithAuthenticator(auth.Everybody("ann")),
		streamgate.WithTranscoder(&transcode.Options{Profiles: []transcode.Profile{{
			Name:  "small", // asked for by {"asset":"…","profile":"small"}; "default" replaces the default
			Video: transcode.H264,
			Rungs: []transcode.Rung{
				{Height: 360, CRF: 24, MaxRate: 700_000},
				{Height: 720, CRF: 23, MaxRate: 2_500_000, MaxFPS: 30},
			},
			Preset: "medium", // smaller files for more CPU
		}}}))
	if err != nil {
		panic(err)
	}
	defer func() { _ = gate.Stop(context.Background()) }()

	answer := httptest.NewRecorder()
	gate.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/v1/transcode-profiles", http.NoBody))
	fmt.Println(answer.Code, strings.Count(answer.Body.String(), `"name"`), "profiles")
	// Output: 200 2 profiles
}

// transcoding is the least that a transcoder takes.
func transcoding(dir string, app myApp) (*streamgate.Gate, error) {
	gate, err := streamgate.New(dir, streamgate.WithAuthenticator(app.User),
		streamgate.WithTranscoder(nil)) // the defaults
	return gate, err
}

var _ = transcoding
