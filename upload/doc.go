// Package upload takes files in.
package upload
