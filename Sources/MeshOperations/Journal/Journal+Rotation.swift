import MeshModel

/// Keeping the journal bounded: once it is larger than its limit, one line a plan is kept, the newest plans first.
///
/// A plan that is kept can be taken back as before, since its last line has everything that undoing needs. A plan whose
/// end is not known, or that waits for a confirmation, is kept whatever its age, and so is a line that cannot be read here.
extension Journal {
  /// What is kept of entries: the last line of each plan, the newest plans up to a number of bytes, oldest first.
  static func kept(_ entries: [JournalEntry], within bytes: Int) -> [[UInt8]] {
    var order: [String] = []
    var latest: [String: JournalEntry] = [:]
    for entry in entries {
      let id = entry.receipt.plan.id
      if latest.updateValue(entry, forKey: id) == nil { order.append(id) }
    }
    var room = bytes
    var isFull = false
    var kept: [[UInt8]] = []
    for id in order.reversed() {
      guard let entry = latest[id] else { continue }
      let receipt = entry.receipt
      let isOpen = receipt.result == .unknown || (receipt.confirmBy != nil && receipt.result == .applied)
      if isFull, !isOpen { continue }
      let line = JSONWriter.bytes(entry.json) + [0x0A]
      room -= line.count
      // The newest is kept however large it is.
      if room < 0, !kept.isEmpty {
        isFull = true
        if !isOpen { continue }
      }
      kept.append(line)
    }
    return kept.reversed()
  }

  /// Puts a shorter journal in the place of one that is open and locked; where that fails, the long one stays.
  func shorten(_ entries: [JournalEntry], keeping unreadable: [[UInt8]]) {
    try? directory.replace(path, with: unreadable + Self.kept(entries, within: limit / 2))
  }
}
