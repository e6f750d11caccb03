const dialog = document.getElementById('confirm');
let answer = () => {};

// A close event may come late, when the next question is asked already.
dialog.addEventListener('close', () => !dialog.open && answer(dialog.returnValue === 'yes'));

/** confirmed asks before something that cannot be undone. A new question is a no to the one before. */
export function confirmed(text) {
  answer(false);
  document.getElementById('confirm-text').textContent = text;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => (answer = resolve));
}
