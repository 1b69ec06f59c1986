/// Headers in one field of a form: `NAME=VALUE`, separated by commas; a comma of a value is written `\,`, as in
/// `cache-control=no-cache\,max-age=0`.
enum HeaderText {
  static func written(_ headers: [String: String]) -> String {
    headers.sorted { $0.key < $1.key }.map { name, value in
      "\(name)=\(value.replacing("\\", with: "\\\\").replacing(",", with: "\\,"))"
    }.joined(separator: ",")
  }

  static func read(_ text: String) throws(FilterError) -> [String: String] {
    var parts = [""]
    var isEscaped = false
    for character in text {
      switch character {
      case _ where isEscaped:
        parts[parts.count - 1].append(character)
        isEscaped = false
      case "\\": isEscaped = true
      case ",": parts.append("")
      default: parts[parts.count - 1].append(character)
      }
    }
    if isEscaped { parts[parts.count - 1].append("\\") }
    var headers: [String: String] = [:]
    for part in parts where !part.trimmed.isEmpty {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0).trimmed }
      guard pair.count == 2, !pair[0].isEmpty else { throw FilterError(description: "\(part) is not NAME=VALUE") }
      headers[pair[0]] = pair[1]
    }
    return headers
  }
}
