package main

import (
	_ "embed"
	"html/template"
	"net/http"

	"github.com/streamgate/streamgate"
	"github.com/streamgate/streamgate/auth"
	"github.com/streamgate/streamgate/metadata"
)

// app is an application that had users before it had videos.
type app struct {
	sessions *sessions
	gate     *streamgate.Gate
}

func newApp(data string) (*app, error) {
	a := &app{sessions: newSessions()}
	gate, err := streamgate.New(data, streamgate.WithAuthenticator(a.principal))
	a.gate = gate
	return a, err
}

// principal tells the Gate who sends a request: the application's user.
func (a *app) principal(r *http.Request) (auth.Principal, error) {
	u := a.sessions.user(r)
	return auth.Principal{ID: u.name, Admin: u.admin}, nil // the zero user is nobody
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /logout", a.sessions.logout)
	mux.HandleFunc("POST /videos/{id}/delete", a.remove)
	mux.Handle("/video/", http.StripPrefix("/video", a.gate))
	mux.Handle("/ops/", a.adminOnly(http.StripPrefix("/ops", a.gate.Admin())))
	return http.NewCrossOriginProtection().Handler(mux)
}

// adminOnly keeps everybody else from the Gate's admin plane, which asks nobody.
func (a *app) adminOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.sessions.user(r).admin {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

//go:embed home.html
var homeHTML string

var homePage = template.Must(template.New("home").Parse(homeHTML))

// view is what the page shows: the way in, or the user's videos.
type view struct {
	User   string
	Wrong  bool // the name or the password that was given
	Videos []*metadata.Asset
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	if !a.sessions.login(w, r) {
		show(w, http.StatusForbidden, view{Wrong: true})
	}
}

// home shows the user's videos, read from the Gate's own store.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	v := view{User: a.sessions.user(r).name}
	if v.User != "" {
		page, err := a.gate.Metadata().Search(r.Context(), metadata.Query{Owner: v.User, Limit: 50})
		if err != nil {
			http.Error(w, "the videos cannot be listed now", http.StatusServiceUnavailable)
			return
		}
		v.Videos = page.Assets
	}
	show(w, http.StatusOK, v)
}

func show(w http.ResponseWriter, status int, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = homePage.Execute(w, v) // a client that is gone needs no page
}
