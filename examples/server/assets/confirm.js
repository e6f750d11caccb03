const dialog = document.getElementById('confirm');
let answer = () => {};

// A close event may come late, when the next question is asked already.
dialog.addEventListener('close', () => !dialog.open && answer(dialog.returnValue === 'yes'));

/** confirmed asks before something that cannot be undone. A new question is a no to the one before. */
export function confirmed(question, text, no, yes) {
  answer(false);
  for (const [part, words] of Object.entries({ title: question, text, no, yes })) document.getElementById(`confirm-${part}`).textContent = words;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => (answer = resolve));
}
