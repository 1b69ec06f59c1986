import MeshModel

/// Cuts the resources out of a configuration dump that arrives in pieces, so that the whole never stands in memory.
///
/// They are what lies a number of brackets deep, such as five in `{"configs":[{"dynamicRouteConfigs":[{…}]}]}`.
struct DumpCutter: Sendable {
  /// A resource larger than this is none of istiod's: one route configuration holds the services of a whole mesh. What stands
  /// around the resources is never as long.
  private static let limit = 64 << 20

  private let depth: Int
  private let keepsRest: Bool
  private var scanner = ValueScanner()
  private var carry: [UInt8] = []
  private var isBroken = false
  private var count = 0
  /// What stands around the resources, each with its number in its place, where that is kept.
  private(set) var rest: [UInt8] = []

  /// - Parameter depth: How many brackets deep a resource begins, its own included.
  init(depth: Int = 5, keepsRest: Bool = false) {
    self.depth = depth
    self.keepsRest = keepsRest
  }

  /// Whether the dump came to its end and nothing was wrong with it.
  var isWhole: Bool { scanner.hasEnded && scanner.depth == 0 && !isBroken }

  /// Takes the next piece and hands on each resource that is complete.
  mutating func feed(_ piece: [UInt8], _ each: (ArraySlice<UInt8>) -> Void) {
    guard !isBroken else { return }
    var start = 0
    piece.withUnsafeBufferPointer { bytes in
      var index = 0
      while let crossing = scanner.cross(depth, in: bytes, from: &index) {
        switch crossing {
        case .begins:
          if keepsRest { rest += piece[start..<index - 1] + Array(String(count).utf8) }
          count += 1
          start = index - 1
        case .ends:
          each(carry.isEmpty ? piece[start..<index] : (carry + piece[start..<index])[...])
          carry = []
          start = index
        }
      }
    }
    if scanner.depth >= depth {
      carry += piece[start...]
    } else if keepsRest {
      rest += piece[start...]
    }
    if max(carry.count, rest.count) > Self.limit { (isBroken, carry, rest) = (true, [], []) }
  }
}

/// JSON with the names of its messages' definitions, where a server spelt them in camel case: proto3 has both.
///
/// Keys of maps are turned as well: none that is read here has a capital in it.
enum ProtoNames {
  /// The same JSON with `route_config` for `routeConfig`; texts that are no names stay as they are.
  static func ofDefinitions(_ json: ArraySlice<UInt8>) -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    var result: [UInt8] = []
    result.reserveCapacity(json.count + json.count / 16)
    var index = json.startIndex
    while index < json.endIndex {
      let start = index
      index += 1
      guard json[start] == quote else {
        result.append(json[start])
        continue
      }
      while index < json.endIndex, json[index] != quote {
        index += json[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      index = min(index + 1, json.endIndex)
      let text = json[start..<index]
      let next = json[index...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
      guard next == UInt8(ascii: ":"), text.dropFirst().first.map({ (0x61...0x7A).contains($0) }) == true else {
        result += text
        continue
      }
      for byte in text {
        if (0x41...0x5A).contains(byte) {
          result += [UInt8(ascii: "_"), byte + 0x20]
        } else {
          result.append(byte)
        }
      }
    }
    return result
  }
}
