import type { Lack } from '../model/needs.ts';

/** Instead of everything, where it cannot work. */
export function Unable({ lack: { title, remedy } }: { readonly lack: Lack }) {
  return (
    <main class="enter">
      <div class="card" role="alert">
        <img src="/icon.svg" width="52" height="52" alt="" />
        <h1>{title}</h1>
        <p>{remedy}</p>
      </div>
    </main>
  );
}
