import type { ComponentChildren } from 'preact';

/** Drawn here, in the colour of the text; what they mean is said by the label of what they stand in. */
function Icon({ children, size = 20 }: { readonly children: ComponentChildren; readonly size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon size={18}>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m20 20-4.3-4.3" />
  </Icon>
);
export const ComposeIcon = () => (
  <Icon>
    <path d="M12 20h8" />
    <path d="M15.5 4.6a2 2 0 0 1 2.9 2.9L8 18l-4 1 1-4z" />
  </Icon>
);
export const GroupIcon = () => (
  <Icon>
    <circle cx="9" cy="8" r="3.4" />
    <path d="M2.8 19.5c.5-3.4 3-5.2 6.2-5.2s5.7 1.8 6.2 5.2" />
    <path d="M15.6 4.9a3.4 3.4 0 0 1 0 6.2M18 14.8c1.8.8 2.9 2.4 3.2 4.7" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="m14.5 5-7 7 7 7" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M6 6l12 12M18 6 6 18" />
  </Icon>
);
export const SendIcon = () => (
  <Icon>
    <path d="M12 19V5M5.5 11.5 12 5l6.5 6.5" />
  </Icon>
);
export const ImageIcon = () => (
  <Icon>
    <rect x="3.5" y="4.5" width="17" height="15" rx="2.5" />
    <circle cx="9" cy="10" r="1.6" />
    <path d="m4.5 17.5 4.7-4.3 3.3 3 3.3-3.7 4.2 4.5" />
  </Icon>
);
export const InfoIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11.3v5M12 7.8v.1" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="m5 9.5 7 7 7-7" />
  </Icon>
);
export const LockIcon = () => (
  <Icon size={15}>
    <rect x="5" y="10.5" width="14" height="9.5" rx="2" />
    <path d="M8 10.5V8a4 4 0 0 1 8 0v2.5" />
  </Icon>
);
export const ExitIcon = () => (
  <Icon>
    <path d="M14 4.5H7A2.5 2.5 0 0 0 4.5 7v10A2.5 2.5 0 0 0 7 19.5h7M10.5 12H20M16.5 8.5 20 12l-3.5 3.5" />
  </Icon>
);
export const ServerIcon = () => (
  <Icon size={18}>
    <rect x="4" y="4.5" width="16" height="6.5" rx="1.8" />
    <rect x="4" y="13" width="16" height="6.5" rx="1.8" />
    <path d="M8 7.750h.1M8 16.250h.1" />
  </Icon>
);
export const AlertIcon = () => (
  <Icon size={15}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5v5.5M12 16.2v.1" />
  </Icon>
);
export const VerifiedIcon = () => (
  <Icon size={15}>
    <path d="M12 3.2 5 6v5.4c0 4.3 2.9 7.4 7 9.4 4.1-2 7-5.1 7-9.4V6z" />
    <path d="m8.8 12 2.3 2.3 4.2-4.4" />
  </Icon>
);
export const ClockIcon = () => (
  <Icon size={14}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);
export const TickIcon = () => (
  <Icon size={15}>
    <path d="m6 12.5 4.2 4.2L18.5 8" />
  </Icon>
);
export const TicksIcon = () => (
  <Icon size={15}>
    <path d="m2.5 12.5 4.2 4.2L15 8M11.5 15.5l1.2 1.2L21.5 8" />
  </Icon>
);
