import MeshModel

/// Readers of small answers of Envoy's administration interface.
enum EnvoyAdminAnswers {
  /// The days until the first certificate of `/certs` expires; `nil` where there is none.
  ///
  /// Source: Envoy admin API, Certificates: 64-bit numbers are spelled as strings, zeros are left out.
  static func certificateDaysLeft(_ bytes: [UInt8]) throws(JSONError) -> Int? {
    var fewest: Int?
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "certificates":
          try reader.array { reader throws(JSONError) in
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "cert_chain":
                try reader.array { reader throws(JSONError) in
                  var days = 0
                  try reader.object { key, reader throws(JSONError) in
                    switch key {
                    case "days_until_expiration": days = try reader.int()
                    default: try reader.skip()
                    }
                  }
                  fewest = min(fewest ?? days, days)
                }
              default: try reader.skip()
              }
            }
          }
        default: try reader.skip()
        }
      }
    }
    return fewest
  }

  /// The updates a proxy counted as rejected, by type, from `/stats?format=json&filter=update_rejected`.
  static func rejectedUpdates(_ bytes: [UInt8]) throws(JSONError) -> [ProxyState.ConfigType: Int] {
    var result: [ProxyState.ConfigType: Int] = [:]
    try JSONReader.read(bytes) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "stats":
          try reader.array { reader throws(JSONError) in
            var (name, value) = ("", 0)
            try reader.object { key, reader throws(JSONError) in
              switch key {
              case "name": name = try reader.string()
              case "value":
                if try reader.peek() == .number { value = try reader.int() } else { try reader.skip() }
              default: try reader.skip()
              }
            }
            if value > 0, name.hasSuffix("update_rejected"), let type = type(ofStatistic: name) {
              let (sum, isTooMuch) = result[type, default: 0].addingReportingOverflow(value)
              result[type] = isTooMuch ? .max : sum
            }
          }
        default: try reader.skip()
        }
      }
    }
    return result
  }

  private static func type(ofStatistic name: String) -> ProxyState.ConfigType? {
    if name.hasPrefix("cluster_manager.cds.") { return .cds }
    if name.hasPrefix("listener_manager.lds.") { return .lds }
    if name.hasPrefix("http."), name.contains(".rds.") { return .rds }
    return name.hasPrefix("cluster.") ? .eds : nil
  }
}
