// Package ffmpeg runs ffmpeg and ffprobe on files that nobody trusts.
//
// A demuxer that is left to guess can be made to open other files: a playlist
// with an absolute path, a concat script or an MPD with the name of a sibling,
// whatever the file is called. So the programs see a file only under the type that
// [media.Sniff] gave it:
//
//   - The demuxer is named, and -format_whitelist allows no other;
//     -protocol_whitelist allows files and pipes, no network and no data URI.
//   - The file is opened here, and is handed over as a descriptor: its name, its
//     ending and its neighbours are not known to the program.
//   - On Linux the process is under Landlock. It may read the program and its
//     libraries, its input and a directory of its own, and write that directory. It
//     opens no socket (seccomp). [Runner.Sandbox] says what is in force; kernels and
//     systems that lack these do without.
//   - Wall time, CPU time, address space, size of the output, pixels, streams and
//     threads have limits ([Limits]); a run that makes no progress is ended.
//   - The environment is empty, there is no input to ask for, and no core dump.
//
// What ends a run ends the whole process group by SIGKILL, and removes its files.
// An error says why in words and in a class ([RunError]); a program that is not
// there, or lacks a part, says how to install it ([MissingError],
// [IncompleteError]), and [Runner.Await] waits until it is there.
//
// The arguments in a [Command] are trusted: nothing that a user wrote belongs in
// them.
package ffmpeg
