package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"
)

const (
	cookieName  = "app_session"
	sessionLife = 12 * time.Hour
)

// user is an account; the zero user is nobody.
type user struct {
	name  string
	admin bool
}

// accounts are for the demonstration: a password is its user's name. A real
// application has a database here, and hashes made for passwords.
var accounts = map[string]user{
	"ada":   {name: "ada"},
	"grace": {name: "grace"},
	"root":  {name: "root", admin: true},
}

// sessions knows by their cookie who has signed in.
type sessions struct {
	mu   sync.Mutex
	open map[string]session // by the cookie's value
}

type session struct {
	user user
	ends time.Time
}

func newSessions() *sessions { return &sessions{open: make(map[string]session)} }

// user returns who sends a request.
func (s *sessions) user(r *http.Request) user {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return user{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.open[cookie.Value]
	if time.Now().After(found.ends) {
		delete(s.open, cookie.Value)
		return user{}
	}
	return found.user
}

// login opens a session and leads to the page. Where name or password are wrong
// it answers nothing, and returns false.
func (s *sessions) login(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	account, ok := accounts[r.PostFormValue("name")]
	if !ok || !same(r.PostFormValue("password"), account.name) {
		return false
	}
	token := rand.Text()
	s.mu.Lock()
	s.open[token] = session{account, time.Now().Add(sessionLife)}
	s.mu.Unlock()
	s.answer(w, r, token, int(sessionLife.Seconds()))
	return true
}

func (s *sessions) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		delete(s.open, cookie.Value)
		s.mu.Unlock()
	}
	s.answer(w, r, "", -1)
}

func (s *sessions) answer(w http.ResponseWriter, r *http.Request, token string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: token, MaxAge: maxAge, Path: "/",
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// same takes the same time wherever the two differ.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
