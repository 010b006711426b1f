import { computed, shallowRef } from 'vue'
import { cart as api } from '@/api/commerce'
import type { Cart, Id } from '@/api/types'

const content = shallowRef<Cart | null>(null)

/** What the visitor means to buy, shared by every page that shows it. */
export const cart = {
  content,
  /** Pieces in it; 0 until it is known. */
  pieces: computed(() => content.value?.pieces ?? 0),
  async load(): Promise<Cart> {
    content.value = await api.get()
    return content.value
  },
  async add(skuId: Id, quantity: number, roomId: Id | null): Promise<void> {
    content.value = await api.add(skuId, quantity, roomId)
  },
  async setQuantity(skuId: Id, quantity: number): Promise<void> {
    content.value = await api.setQuantity(skuId, quantity)
  },
  async remove(skuId: Id): Promise<void> {
    content.value = await api.remove(skuId)
  },
  async seen(): Promise<void> {
    content.value = await api.seen()
  },
}
