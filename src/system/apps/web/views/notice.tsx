import { useEffect } from 'preact/hooks';
import { CloseIcon } from './icons.tsx';
import { useApp } from './ui.ts';

const shownMs = 8000;

/** One sentence about what went wrong, for a while. */
export function Notice() {
  const app = useApp();
  const notice = app.notice.value;
  useEffect(() => {
    if (notice === null) return;
    const timer = setTimeout(app.hush, shownMs);
    return () => clearTimeout(timer);
  }, [notice?.id]);
  return (
    <div class="notice-place" role="alert">
      {notice !== null && (
        <div class="notice">
          <span>{notice.text}</span>
          <button class="icon-button" type="button" aria-label="Dismiss" onClick={app.hush}>
            <CloseIcon />
          </button>
        </div>
      )}
    </div>
  );
}
