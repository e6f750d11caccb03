// Reads playlists with m3u8-parser: a JSON array of {uri, text} on standard
// input. Prints one of {uri, problems, variants, segments, target, ended}, where problems
// are warnings and the tags and lines that the parser does not know.
import { LineStream, ParseStream, Parser } from 'm3u8-parser';

let input = '';
for await (const chunk of process.stdin) input += chunk;

function read({ uri, text }) {
  const problems = [];
  const lines = new LineStream();
  const tags = new ParseStream();
  lines.pipe(tags);
  tags.on('data', (entry) => {
    if (entry.type === 'tag' && !entry.tagType) problems.push(`unknown: ${entry.data}`);
    if (entry.type === 'comment') problems.push(`comment: ${entry.text}`);
  });
  lines.push(text);
  lines.flush?.();

  const parser = new Parser({ uri });
  parser.on('warn', ({ message }) => problems.push(message));
  parser.push(text);
  parser.end();
  const { playlists = [], segments = [], targetDuration, endList } = parser.manifest;
  return { uri, problems, variants: playlists.length, segments: segments.length, target: targetDuration, ended: endList === true };
}

console.log(JSON.stringify(JSON.parse(input).map(read)));
