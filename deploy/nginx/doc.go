// Package nginx has a configuration of nginx for an edge in front of a Gate, and
// tests alone: they run it.
package nginx
