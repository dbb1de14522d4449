/** Raised with every change of what the program creates, so that tenants still on an older one can be found and brought up. */
export const programVersion = '5';
