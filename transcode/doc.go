// Package transcode says what is to be done so that any video plays: which rungs
// its ladder has, what of it is copied and what is encoded, into which chunks the
// work is cut, and what ffmpeg has to be told for each.
//
// All of that is functions without side effects. [Ladder] makes a [Plan] of what is
// known of a file ([Source]) and what is wanted ([Profile]); [Cuts] and [Chunks] say
// where segments and chunks begin; methods of Plan make a [Command] of each piece
// of work. [Join] puts what the commands have written together, without encoding
// or decoding anything.
//
// # Where time begins
//
// Every time is counted from the beginning of the source: where the first of its
// streams begins, which is what ffmpeg's -start_at_zero makes zero. Chunks, forced
// key frames and the sound are all told in it, so that no task has to know another.
package transcode

import (
	"net/http"

	"github.com/streamgate/streamgate/internal/problem"
)

// The ways in which there is nothing to plan. Match them with errors.Is.
var (
	// ErrSource means that there is neither a picture nor sound that could be
	// encoded, or that what is said of them cannot be.
	ErrSource error = problem.NewKind(http.StatusUnprocessableEntity, "transcode-source", "The file cannot be transcoded")
	// ErrProfile means that a profile asks for what is impossible.
	ErrProfile error = problem.NewKind(http.StatusBadRequest, "transcode-profile", "The profile is not valid")
	// ErrOutput means that what ffmpeg wrote is not what it was told to write.
	ErrOutput error = problem.NewKind(http.StatusInternalServerError, "transcode-output", "The transcoder made something unusable")
)
