//! Which proxy is on the way to an address, so that messages can name it.

/// Host and port of the proxy that requests to `host` go through, by the variables that the network layer
/// heeds. `variable` is the real environment: what stands in a `.env` file sets no proxy.
pub(super) fn proxy_on_the_way(
    host: &str,
    is_encrypted: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let either = |upper: &str| variable(upper).or_else(|| variable(&upper.to_lowercase()));
    let is_excepted = either("NO_PROXY").is_some_and(|list| {
        list.split(',').map(str::trim).any(|name| {
            let name = name.trim_start_matches('.');
            let ends = host.strip_suffix(name);
            name == "*" || ends.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    });
    if is_excepted {
        return None;
    }
    let own = if is_encrypted {
        "HTTPS_PROXY"
    } else {
        "HTTP_PROXY"
    };
    either(own)
        .or_else(|| either("ALL_PROXY"))
        .as_deref()
        .and_then(address)
}

/// Host and port of a proxy's URL: never its user name and password.
fn address(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let is_plain = |c: char| c.is_ascii_graphic() && c != '`';
    (!place.is_empty() && place.chars().all(is_plain)).then(|| place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(host: &str, pairs: &[(&str, &str)]) -> Option<String> {
        proxy_on_the_way(host, true, |name| {
            let pair = pairs.iter().find(|(variable, _)| *variable == name)?;
            Some(pair.1.to_owned())
        })
    }

    #[test]
    fn the_proxy_is_found_and_its_password_is_not_shown() {
        let proxy = Some("p.example:3128".to_owned());
        for url in [
            "http://p.example:3128",
            "p.example:3128",
            "https://user:pass@word@p.example:3128/",
        ] {
            assert_eq!(found("a.b", &[("HTTPS_PROXY", url)]), proxy, "{url}");
            assert_eq!(found("a.b", &[("all_proxy", url)]), proxy, "{url}");
        }
        assert_eq!(found("a.b", &[("HTTP_PROXY", "http://p")]), None);
        assert_eq!(found("a.b", &[("HTTPS_PROXY", "http://\u{1b}[2J")]), None);
    }

    #[test]
    fn exceptions_are_heeded() {
        let with = |list| {
            found(
                "api.b.example",
                &[("HTTPS_PROXY", "p:1"), ("no_proxy", list)],
            )
        };
        for list in ["*", "b.example", "x, .b.example", "api.b.example"] {
            assert_eq!(with(list), None, "{list}");
        }
        for list in ["", "x.example", "pi.b.example"] {
            assert!(with(list).is_some(), "{list}");
        }
    }
}
