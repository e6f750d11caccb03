/** copy puts text on the clipboard and says whether it did. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // only in a secure context: https or loopback
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  focused?.focus();
  return copied;
}
