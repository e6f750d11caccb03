// Package clients has tests alone: they drive a Gate with the clients of others,
// as the lock file pins them.
package clients
