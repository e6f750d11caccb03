package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/streamgate/streamgate/auth"
)

// operator is the one principal of this server: whoever has the key, or, on
// loopback without a key, whoever sits at the machine.
const operator = "operator"

const cookieName = "streamgate_session"

// key lets in who knows it: programs by "Authorization: Bearer", the page by a
// cookie, because a video element and an EventSource send no other header.
type key struct {
	secret  string
	session string // the cookie: proves that the key was known, and does not reveal it
}

func newKey(secret string) *key {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("streamgate page session"))
	return &key{secret: secret, session: hex.EncodeToString(mac.Sum(nil))}
}

// authenticate is an auth.Authenticator. A wrong key is an error, no key is nobody.
func (k *key) authenticate(r *http.Request) (auth.Principal, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || !equal(token, k.secret) {
			return auth.Principal{}, fmt.Errorf("the API key is wrong: %w", auth.ErrUnauthenticated)
		}
		return auth.Principal{ID: operator, Admin: true}, nil
	}
	if cookie, err := r.Cookie(cookieName); err == nil && equal(cookie.Value, k.session) {
		return auth.Principal{ID: operator, Admin: true}, nil
	}
	return auth.Principal{}, nil
}

// equal takes the same time wherever, and however long, the strings differ.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return hmac.Equal(x[:], y[:])
}

// routes adds signing in and out: POST /session with {"key": "…"}, DELETE /session.
// A browser sends neither for another site: Cross-Origin requests are refused.
func (k *key) routes(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection()
	mux.Handle("POST /session", guard.Handler(http.HandlerFunc(k.signIn)))
	mux.Handle("DELETE /session", guard.Handler(http.HandlerFunc(k.signOut)))
}

func (k *key) signIn(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Key string `json:"key"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, `the body must be {"key": "…"}`)
		return
	}
	if !equal(body.Key, k.secret) {
		refuse(w, http.StatusForbidden, "this is not the key that the server was started with")
		return
	}
	http.SetCookie(w, k.cookie(r, k.session, 0))
	w.WriteHeader(http.StatusNoContent)
}

func (k *key) signOut(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, k.cookie(r, "", -1))
	w.WriteHeader(http.StatusNoContent)
}

func (k *key) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, MaxAge: maxAge, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	}
}

// refuse answers as the Gate does, with a problem of RFC 9457.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A client that is gone needs no answer.
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}
