import Foundation
import MeshPlanes
import Yams

/// The text of a configuration file in which planes are added and removed, line by line, so that all else stays as somebody
/// wrote it, comments before all.
struct ConfigurationText {
  private var lines: [String]
  /// What ends a line; CRLF where it ends all of them.
  private let lineEnd: String
  /// The lines of each plane.
  private var planes: [Range<Int>] = []
  /// What stands before the dash of a plane.
  private var indent = "  "

  /// The text that says a new configuration in place of the old one; `nil` where whole planes added and removed do not come
  /// to it, or where the planes are not one below the other.
  static func edited(_ text: String, from old: Configuration, to new: Configuration) -> String? {
    guard var edited = ConfigurationText(text), edited.planes.count == old.planes.count else { return nil }
    var kept = old.planes
    for place in old.planes.indices.reversed() where !new.planes.contains(old.planes[place]) {
      edited.remove(place)
      kept.remove(at: place)
    }
    for plane in new.planes.dropFirst(kept.count) { edited.add(plane) }
    let result = edited.lines.joined(separator: edited.lineEnd)
    // What does not read as it is meant is written anew.
    return (try? ConfigurationFile.parse(result, path: "")) == new ? result : nil
  }

  private init?(_ text: String) {
    // By bytes: to Swift CRLF is one character, and no end of a line.
    let pieces = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
    let isCRLF = pieces.count > 1 && pieces.dropLast().allSatisfy { $0.utf8.last == 0x0D }
    lineEnd = isCRLF ? "\r\n" : "\n"
    lines = isCRLF ? pieces.dropLast().map { String($0.dropLast()) } + pieces.suffix(1) : pieces
    guard let root = try? Yams.compose(yaml: text, .basic)?.mapping else { return nil }
    guard let place = root.firstIndex(where: { $0.key.string == "planes" }) else { return }
    guard let list = root[place].value.sequence, list.style != .flow, let start = root[place].key.mark?.line else {
      return nil
    }
    let next = root.compactMap { $0.key.mark?.line }.filter { $0 > start }.min() ?? lines.count + 1
    let starts = list.compactMap { $0.mark.map { $0.line - 1 } }
    guard starts.count == list.count, !starts.isEmpty else { return nil }
    for (start, end) in zip(starts, starts.dropFirst() + [next - 1]) {
      guard lines.indices.contains(start), let dash = lines[start].firstIndex(where: { $0 != " " }),
        lines[start][dash] == "-"
      else { return nil }
      indent = String(lines[start][..<dash])
      planes.append(start..<max(start + 1, lastLine(before: end) + 1))
    }
  }

  /// The last line before another that is neither empty nor a comment, which is of what follows.
  private func lastLine(before end: Int) -> Int {
    let written = lines[..<min(end, lines.count)].lastIndex { line in
      let first = line.first { $0 != " " && $0 != "\t" && $0 != "\r" }
      return first != nil && first != "#"
    }
    return written ?? 0
  }

  private mutating func remove(_ place: Int) {
    let gone = planes.remove(at: place)
    lines.removeSubrange(gone)
    for later in planes.indices where later >= place {
      planes[later] = planes[later].lowerBound - gone.count..<planes[later].upperBound - gone.count
    }
  }

  private mutating func add(_ plane: PlaneSetting) {
    var new = ConfigurationFile.lines(of: plane).map { indent + $0.dropFirst(2) }
    var place = planes.last?.upperBound ?? lines.count
    if planes.isEmpty {
      if lines.last?.isEmpty == true { place -= 1 } else { new.append("") }
      new.insert("planes:", at: 0)
      planes.append(place + 1..<place + new.count)
    } else {
      planes.append(place..<place + new.count)
    }
    lines.insert(contentsOf: new, at: place)
  }
}
