/// The difference of two texts, line by line.
public enum LineDiff {
  /// One line of a difference.
  public enum Change: Sendable, Hashable {
    case kept(String)
    case removed(String)
    case added(String)
    /// Lines that are the same in both and left out.
    case gap
  }

  /// The changed lines with some of those around them.
  public static func hunks(_ before: [String], _ after: [String], context: Int = 3) -> [Change] {
    let all = changes(before, after)
    var near = Array(repeating: false, count: all.count)
    for (index, change) in all.enumerated() {
      if case .kept = change { continue }
      for place in max(0, index - context)...min(all.count - 1, index + context) { near[place] = true }
    }
    var result: [Change] = []
    for (index, change) in all.enumerated() {
      if near[index] {
        result.append(change)
      } else if index > 0, near[index - 1], near[(index + 1)...].contains(true) {
        result.append(.gap)
      }
    }
    return result
  }

  /// All lines in order, each kept, removed or added.
  static func changes(_ before: [String], _ after: [String]) -> [Change] {
    let difference = after.difference(from: before)
    let removed = Set(difference.removals.map(\.offset))
    let inserted = Set(difference.insertions.map(\.offset))
    var result: [Change] = []
    var old = 0
    var new = 0
    while old < before.count || new < after.count {
      if old < before.count, removed.contains(old) {
        result.append(.removed(before[old]))
        old += 1
      } else if new < after.count, inserted.contains(new) {
        result.append(.added(after[new]))
        new += 1
      } else {
        if old < before.count { result.append(.kept(before[old])) }
        old += 1
        new += 1
      }
    }
    return result
  }
}

extension CollectionDifference.Change {
  fileprivate var offset: Int {
    switch self {
    case .insert(let offset, _, _), .remove(let offset, _, _): offset
    }
  }
}
