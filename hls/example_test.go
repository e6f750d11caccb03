package hls_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/hls"
	"github.com/streamgate/streamgate/metadata"
	"github.com/streamgate/streamgate/storage"
)

// A folder of MP4 files as HLS, beside the files themselves.
func ExampleDir() {
	http.Handle("/videos/", http.StripPrefix("/videos", hls.Dir("./videos"))) // /videos/clip.mp4/master.m3u8
	http.Handle("/files/", http.StripPrefix("/files", http.FileServer(http.Dir("./videos"))))
	// Output:
}

// A folder that a CDN in front may cache, and that must be there from the start.
func ExampleNewDir() {
	videos, err := hls.NewDir("./no-such-folder", &hls.DirOptions{Public: true, CacheBytes: 128 << 20})
	if err != nil {
		fmt.Println("no folder, no server")
		return
	}
	defer videos.Close()
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", videos))
	// Output: no folder, no server
}

// Assets of a store behind the application's own sessions.
func ExampleNew() {
	var files storage.Store = noFiles{} // disk.Open("/srv/video")
	var meta metadata.Store = noAssets{}

	play, err := hls.New(files, meta, nil)
	if err != nil {
		log.Fatal(err)
	}
	sessions := auth.Middleware(func(r *http.Request) (auth.Principal, error) {
		cookie, err := r.Cookie("user")
		if err != nil {
			return auth.Principal{}, nil // nobody
		}
		return auth.Principal{ID: cookie.Value}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("/watch/", http.StripPrefix("/watch", sessions(play)))

	for _, cookie := range []string{"", "user=ann"} {
		r := httptest.NewRequest(http.MethodGet, "/watch/film/master.m3u8", nil)
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, http.StatusText(w.Code))
	}
	// Output:
	// 401 Unauthorized
	// 404 Not Found
}

// A larger cache that two folders share.
func ExampleNewCache() {
	shared := hls.NewCache(256 << 20)
	for _, dir := range []string{"films", "talks"} {
		folder, err := hls.NewDir(dir, &hls.DirOptions{Cache: shared})
		if err != nil {
			fmt.Println(dir, "is not there")
			continue
		}
		http.Handle("/"+dir+"/", http.StripPrefix("/"+dir, folder))
	}
	// Output:
	// films is not there
	// talks is not there
}
