// Package disk keeps blobs in a directory of the local file system.
package disk
