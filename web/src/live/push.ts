import { push } from '@/api/engagement'

/** Where the browser can show what is pushed: pages over https or of this machine alone. */
export const canPush = () =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

/** Asks for the permission, subscribes and tells the platform; false where the viewer said no. */
export async function turnPushOn(publicKey: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  await navigator.serviceWorker.register('/push.js')
  const registration = await navigator.serviceWorker.ready
  const subscription =
    (await registration.pushManager.getSubscription()) ??
    (await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: fromBase64Url(publicKey),
    }))
  await push.subscribe(subscription.toJSON())
  return true
}

export async function pushIsOn(): Promise<boolean> {
  if (!canPush() || Notification.permission !== 'granted') return false
  const registration = await navigator.serviceWorker.getRegistration('/push.js')
  return Boolean(await registration?.pushManager.getSubscription())
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
}
