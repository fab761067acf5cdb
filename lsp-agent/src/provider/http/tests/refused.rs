//! Refusals: what is tried again, and what a person is told.

use super::*;

/// Answers the first requests with these, and then properly.
fn first(replies: Vec<Reply>) -> StandIn {
    let mut replies = replies.into_iter();
    StandIn::start(move |_| replies.next().unwrap_or_else(hello))
}

fn told(status: u16, message: &str) -> Problem {
    let reply = refusal(status, message);
    asked(&prompt(), move |_| reply.clone()).unwrap_err()
}

#[test]
fn a_busy_server_is_waited_for() {
    let busy = refusal(429, "slow down").header("retry-after", "1");
    let over = refusal(503, "loading").header("x-ratelimit-reset-requests", "1ms");
    let server = first(vec![busy, over]);
    let (heard, answer) = ask(&Http::new(model(&server.base)).unwrap(), &prompt());
    assert_eq!(heard, ["in 1 s", "in 1 s", "hello"]);
    assert_eq!((answer.unwrap().text.as_str(), server.asked().len()), ("hello", 3));
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let server = first(vec![refusal(429, "slow down"); 9]);
    let (heard, answer) = ask(&Http::new(model(&server.base)).unwrap(), &prompt());
    let problem = answer.unwrap_err();
    assert_eq!((heard.len(), server.asked().len()), (4, 5));
    assert!(problem.why.contains("asked 5 times") && problem.why.contains("slow down"), "{problem:?}");
    // Waits beyond all patience are not begun.
    let server = first(vec![refusal(429, "tomorrow").header("retry-after", "86400")]);
    let (heard, answer) = ask(&Http::new(model(&server.base)).unwrap(), &prompt());
    assert_eq!((heard.len(), server.asked().len()), (0, 1));
    assert!(answer.unwrap_err().why.contains("in 86400 seconds"));
}

#[test]
fn a_wait_ends_when_nobody_wants_it() {
    let server = first(vec![refusal(429, "slow down").header("retry-after", "500")]);
    let http = Http::new(model(&server.base)).unwrap();
    let mut heard = Vec::new();
    let answer = http.ask(&prompt(), &mut |said| {
        let was_limited = heard.iter().any(|heard| matches!(heard, Heard::RateLimited { .. }));
        heard.push(said);
        if was_limited { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((answer.unwrap().text.as_str(), server.asked().len()), ("", 1));
    assert_eq!(heard.last(), Some(&Heard::Nothing));
}

#[test]
fn trouble_of_the_server_is_tried_twice_more() {
    let server = first(vec![refusal(500, "oh"), refusal(502, "oh")]);
    let (heard, answer) = ask(&Http::new(model(&server.base)).unwrap(), &prompt());
    assert_eq!((heard.concat(), answer.unwrap().text.as_str()), ("hello".to_owned(), "hello"));
    let server = first(vec![refusal(500, "oh"); 9]);
    let problem = ask(&Http::new(model(&server.base)).unwrap(), &prompt()).1.unwrap_err();
    assert_eq!(server.asked().len(), 3);
    assert!(problem.why.contains("500: oh"), "{problem:?}");
}

#[test]
fn nobody_at_the_address_is_a_problem() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let problem = ask(&Http::new(model(&base)).unwrap(), &prompt()).1.unwrap_err();
    assert!(problem.what.contains(&base) && problem.what.contains("cannot be reached"), "{problem:?}");
    assert!(problem.next.contains("whether the server runs"));
}

#[test]
fn a_key_that_is_not_taken_is_named_and_not_shown() {
    for status in [401, 403] {
        let problem = told(status, &format!("wrong key: {SECRET}"));
        assert!(problem.why.contains(&format!("answered {status}: wrong key: [key]")), "{problem:?}");
        assert!(problem.why.contains("came from the environment variable `SOME_KEY`"), "{problem:?}");
        assert!(!format!("{problem:?}").contains(SECRET), "{problem:?}");
    }
    let server = first(vec![refusal(401, "who are you?")]);
    let without = HttpModel { key: None, ..model(&server.base) };
    let problem = ask(&Http::new(without).unwrap(), &prompt()).1.unwrap_err();
    assert!(problem.what.contains("wants a key") && problem.next.contains("OPENAI_API_KEY"), "{problem:?}");
    assert_eq!(server.asked()[0].header("authorization"), None);
}

#[test]
fn refusals_say_what_to_do() {
    let problem = told(404, "no such model");
    assert!(problem.what.contains("`small`") && problem.what.contains("/v1/`"), "{problem:?}");
    let problem = told(400, &format!("bad\u{1b}[31m {}", "x".repeat(1000)));
    assert!(problem.why.contains("bad\\u{1b}[31m x") && problem.why.len() < 600, "{problem:?}");
    let problem = told(400, "This model's maximum context length is 4096 tokens");
    assert!(problem.what.contains("does not fit") && problem.next.contains("4096"), "{problem:?}");
    let body = json!({"error": {"message": "no", "code": "context_length_exceeded"}}).to_string();
    let reply = Reply { body: body.into_bytes(), ..Reply::status(400) };
    assert!(asked(&prompt(), move |_| reply.clone()).unwrap_err().what.contains("does not fit"));
    assert!(told(402, "pay").next.contains("credit"));
    assert!(told(418, "tea").why.contains("418: tea"));
}

#[test]
fn money_is_not_waited_for() {
    let body = json!({"error": {"message": "quota", "type": "insufficient_quota"}}).to_string();
    let server = first(vec![Reply { body: body.into_bytes(), ..Reply::status(429) }]);
    let (heard, answer) = ask(&Http::new(model(&server.base)).unwrap(), &prompt());
    assert_eq!((heard.len(), server.asked().len()), (0, 1));
    assert!(answer.unwrap_err().what.contains("no credit"));
}

#[test]
fn a_redirect_does_not_lead_the_key_away() {
    let thief = StandIn::start(|_| hello());
    let to = format!("{}/v1/chat/completions", thief.base);
    let reply = Reply::status(307).header("location", &to);
    let problem = asked(&prompt(), move |_| reply.clone()).unwrap_err();
    assert!(problem.why.contains(&to), "{problem:?}");
    assert!(thief.asked().is_empty());
}

#[test]
fn a_web_page_is_no_answer() {
    let page = |kind: &str| {
        let body = "<!DOCTYPE html><p>hello</p>\n\n".as_bytes().to_vec();
        Reply { body, ..Reply::status(200).header("content-type", kind) }
    };
    for (kind, why) in
        [("text/html", "it answered with `text/html`"), ("application/json", "it answered with a web page")]
    {
        let reply = page(kind);
        let problem = asked(&prompt(), move |_| reply.clone()).unwrap_err();
        assert_eq!(problem.why, why);
        assert!(problem.next.contains("`/v1`"));
    }
    let events = ["data: <html>\n\n".to_owned()];
    assert!(asked(&prompt(), move |_| stream(&events)).unwrap_err().why.contains("web page"));
    let reply = Reply { status: 404, ..page("text/html") };
    assert!(asked(&prompt(), move |_| reply.clone()).unwrap_err().why.contains("404: a web page"));
}

#[test]
fn a_server_that_knows_no_schemas_is_asked_for_less() {
    let mut asking = prompt();
    let schema =
        json!({"type": "object", "properties": {"path": {"type": "string", "format": "existing_path"}}});
    asking.shape = Shape::Json { schema, formats: Vec::new() };
    let server = StandIn::start(|asked| match sent(asked)["response_format"]["type"].as_str() {
        None => hello(),
        Some(kind) => refusal(400, &format!("{kind} is not supported")),
    });
    let http = Http::new(model(&server.base)).unwrap();
    assert_eq!(ask(&http, &asking).1.unwrap().text, "hello");
    // What was learned holds for what follows.
    ask(&http, &asking).1.unwrap();
    let formats: Vec<Value> =
        server.asked().iter().map(|asked| sent(asked)["response_format"].clone()).collect();
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
    let first =
        json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": false, "schema": schema}});
    assert_eq!(formats, [first, json!({"type": "json_object"}), Value::Null, Value::Null]);
}

#[test]
fn a_server_with_other_names_is_asked_in_them() {
    let server = StandIn::start(|asked| {
        let body = sent(asked);
        if body.get("max_tokens").is_some() {
            refusal(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        } else if body.get("stream_options").is_some() {
            refusal(422, "extra field stream_options")
        } else {
            hello()
        }
    });
    ask(&Http::new(model(&server.base)).unwrap(), &prompt()).1.unwrap();
    let last = sent(&server.asked()[2]);
    assert_eq!(last["max_completion_tokens"], 100);
}

#[test]
fn a_refusal_that_stays_ends_and_teaches_nothing() {
    let mut asking = prompt();
    asking.shape = Shape::Json { schema: json!({"type": "object"}), formats: Vec::new() };
    let server = first(vec![refusal(400, "no such thing"); 3]);
    let http = Http::new(model(&server.base)).unwrap();
    assert!(ask(&http, &asking).1.unwrap_err().why.contains("400: no such thing"));
    ask(&http, &asking).1.unwrap();
    let last = sent(&server.asked()[3]);
    assert_eq!(last["response_format"]["type"], "json_schema");
}
