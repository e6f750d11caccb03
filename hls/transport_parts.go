package hls

import "github.com/streamgate/streamgate/media"

// transportPart is what a segment is made of: a segment of the video or none, and
// those of the audio from one on.
type transportPart struct {
	video         int // -1 is none
	audio, audios int
}

// transportParts finds out which segments of audio are carried with which of
// video, either of which may be nil, and when what they make begins and ends. A
// segment of audio goes where it begins; those that begin after the end of the
// video are segments by themselves.
func transportParts(video, audio *media.Track) (parts []transportPart, times []int64) {
	var sounds []int64
	if audio != nil && len(audio.Segments) > 0 {
		sounds = boundaries(audio)
	}
	next, end := 0, int64(0)
	if video != nil && len(video.Segments) > 0 {
		pictures := boundaries(video)
		early := packetTime(audio)
		for n := range video.Segments {
			p := transportPart{video: n, audio: next}
			for next < len(sounds)-1 && begins(audio, sounds, next)+early < pictures[n+1] {
				next++
			}
			p.audios = next - p.audio
			parts, times = append(parts, p), append(times, pictures[n])
		}
		if end = pictures[len(pictures)-1]; next > 0 {
			end = max(end, sounds[next])
		}
	}
	for ; next < len(sounds)-1; next++ {
		parts, times = append(parts, transportPart{video: -1, audio: next, audios: 1}), append(times, max(end, sounds[next]))
		end = max(end, sounds[next+1])
	}
	return parts, append(times, end)
}

// begins is when a segment of audio begins: the first not with the presentation.
func begins(audio *media.Track, sounds []int64, n int) int64 {
	if n == 0 {
		return microseconds(audio.Segments[0].Start, audio.Timescale)
	}
	return sounds[n]
}

// packetTime is by how much audio may begin earlier than the video that it is cut
// with, in microseconds: half a packet.
func packetTime(audio *media.Track) int64 {
	if audio == nil {
		return 0
	}
	return microseconds(int64(audio.Layout.Duration), audio.Timescale)/2 + 1000
}
