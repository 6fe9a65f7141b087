//! The same work on many items, on a few threads of its own that end with it. For background threads only.

use crate::priority::stand_back;

/// Threads at most.
const THREADS: usize = 4;
/// Items that are worth a thread.
const WORTH: usize = 2_000;

/// What `f` makes of each item, in their order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    on_threads(cores.min(THREADS).min(items.len() / WORTH), items, &f)
}

fn on_threads<T: Sync, R: Send>(threads: usize, items: &[T], f: &(impl Fn(&T) -> R + Sync)) -> Vec<R> {
    if threads < 2 || items.is_empty() {
        return items.iter().map(f).collect();
    }
    std::thread::scope(|scope| {
        let work = |part| {
            scope.spawn(move || {
                stand_back();
                <[T]>::iter(part).map(f).collect::<Vec<R>>()
            })
        };
        let parts: Vec<_> = items.chunks(items.len().div_ceil(threads)).map(work).collect();
        let joined = parts.into_iter().map(|part| part.join());
        joined.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_order_on_any_number_of_threads() {
        for count in [0, 1, 7, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = items.iter().map(|item| 3 * item).collect();
            for threads in 0..6 {
                assert_eq!(on_threads(threads, &items, &|item| 3 * item), expected, "{count} on {threads}");
            }
        }
    }
}
