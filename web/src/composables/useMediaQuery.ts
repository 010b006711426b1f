import { onScopeDispose, type Ref, readonly, ref } from 'vue'

export function useMediaQuery(query: string): Readonly<Ref<boolean>> {
  const list = window.matchMedia(query)
  const matches = ref(list.matches)
  const update = () => {
    matches.value = list.matches
  }
  list.addEventListener('change', update)
  onScopeDispose(() => list.removeEventListener('change', update))
  return readonly(matches)
}

/** From here on the viewer's page shows a side column beside the video. */
export const useDesktop = () => useMediaQuery('(min-width: 960px)')
