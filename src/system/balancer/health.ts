/**
 * What the balancer believes of a server.
 * `healthy` gets connections; `suspected` missed one probe and gets them only while nobody is healthy; `lost` gets none.
 */
export type Health = 'healthy' | 'suspected' | 'lost';

/** `answered` and `missed` are the outcomes of a probe; `refused` is a connection that could not be made. */
export type Sign = 'answered' | 'missed' | 'refused';

/**
 * Hysteresis: one missed probe only raises a suspicion, the second one confirms it; a refused connection needs no
 * confirmation. One good probe heals all, for it shows that the server answers now.
 */
export function healthAfter(health: Health, sign: Sign): Health {
  switch (sign) {
    case 'answered':
      return 'healthy';
    case 'refused':
      return 'lost';
    case 'missed':
      return health === 'healthy' ? 'suspected' : 'lost';
  }
}
