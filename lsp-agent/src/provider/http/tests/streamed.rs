//! Answers, whole and otherwise.

use super::*;
use std::thread;

#[test]
fn an_answer_is_the_same_however_it_is_cut() {
    let events = [
        ": processing\n\n".to_owned(),
        delta(&json!({"role": "assistant", "content": "", "reasoning_content": "größer?"})),
        delta(&json!({"reasoning": " ja"})),
        delta(&json!({"content": "Grö"})),
        delta(&json!({"content": "ße: 3 €"})),
        end("stop"),
        "data: {\"choices\": [], \"usage\": {\"prompt_tokens\": 40, \"completion_tokens\": 9, \"prompt_tokens_details\": {\"cached_tokens\": 32}}}\n\n".to_owned(),
    ];
    let reply = stream(&events);
    for size in [1, 2, 3, 5, 7, 64, 100_000] {
        let reply = Reply { chunks: Some(size), ..reply.clone() };
        let server = StandIn::start(move |_| reply.clone());
        let http = Http::new(model(&server.base)).unwrap();
        let (heard, answer) = ask(&http, &prompt());
        assert_eq!(heard, ["(größer?)", "( ja)", "Grö", "ße: 3 €"], "{size}");
        let answer = answer.unwrap();
        assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("Größe: 3 €", "größer? ja"));
        let usage = answer.usage;
        assert_eq!((usage.prompt, usage.cached, usage.generated), (40, 32, 9));
        assert_eq!((usage.context, usage.context_used), (4096, 49));
        assert!(usage.first_token > 0.0);
    }
}

fn call(index: u64, id: &str, name: &str, arguments: &str) -> Value {
    json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn more(index: u64, arguments: &str) -> String {
    delta(&json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}))
}

#[test]
fn calls_side_by_side_are_put_together() {
    let events = [
        delta(&json!({"content": null, "tool_calls": [call(0, "abc", "read", "")]})),
        delta(&json!({"tool_calls": [call(1, "abc", "list", "")]})),
        more(1, "{\"at\""),
        more(0, "{\"path\": \"a"),
        more(1, ": 1}"),
        more(0, ".rs\"}"),
        end("tool_calls"),
    ];
    let answer = asked(&prompt(), move |_| stream(&events)).unwrap();
    let calls: Vec<_> = answer.calls.iter().map(|call| (call.id.0.as_str(), call.name.as_str())).collect();
    // An id that was given twice is given once.
    assert_eq!(calls, [("abc", "read"), ("call_1", "list")]);
    assert_eq!(answer.calls[0].arguments["path"], "a.rs");
    assert_eq!(answer.calls[1].arguments["at"], 1);
    assert!(answer.broken.is_empty() && answer.usage.generated > 0, "{answer:?}");
}

#[test]
fn calls_are_told_apart_without_an_index() {
    let bare =
        |name: &str| delta(&json!({"tool_calls": [{"function": {"name": name, "arguments": {"a": name}}}]}));
    let events = [
        bare("read"),
        bare("list"),
        delta(&json!({"tool_calls": [call(0, "x", "read", "{}"), call(0, "y", "read", "{\"b\":1}")]})),
        end("stop"),
    ];
    let answer = asked(&prompt(), move |_| stream(&events)).unwrap();
    let calls: Vec<String> = answer
        .calls
        .iter()
        .map(|call| format!("{} {} {}", call.id.0, call.name, json!(call.arguments)))
        .collect();
    let expected =
        ["call_1 read {\"a\":\"read\"}", "call_2 list {\"a\":\"list\"}", "x read {}", "y read {\"b\":1}"];
    assert_eq!(calls, expected);
}

#[test]
fn calls_that_cannot_be_read_are_told_to_the_model() {
    let events = [
        delta(&json!({"tool_calls": [call(0, "a", "read", "{\"path\": \"a"), call(1, "b", "read", "[1]")]})),
        delta(&json!({"tool_calls": [call(2, "c", "write\u{1b}", "{}"), call(3, "d", "list", "{]")]})),
        delta(&json!({"tool_calls": [call(4, "e", "list", "")]})),
        end("tool_calls"),
    ];
    let answer = asked(&prompt(), move |_| stream(&events)).unwrap();
    assert_eq!(answer.calls.len(), 1);
    assert_eq!(answer.calls[0].id.0, "e");
    let [unfinished, list, unknown, wrong] = &answer.broken[..] else { panic!("{:?}", answer.broken) };
    assert!(
        unfinished.starts_with("`read`: ") && unfinished.contains("write it again, shorter"),
        "{unfinished}"
    );
    assert!(list.contains("not a JSON object"), "{list}");
    assert_eq!(unknown, "there is no tool `write\\u{1b}`; call one of `read`, `list`");
    assert!(wrong.contains("not valid JSON"), "{wrong}");
    let events: Vec<String> = (0..70)
        .map(|index| delta(&json!({"tool_calls": [call(index, "", "list", "{}")]})))
        .chain([end("stop")])
        .collect();
    let answer = asked(&prompt(), move |_| stream(&events)).unwrap();
    assert_eq!((answer.calls.len(), answer.broken.len()), (64, 1));
    assert!(answer.broken[0].contains("more than 64 tool calls"), "{answer:?}");
}

#[test]
fn a_server_without_streams_is_heard_too() {
    let whole = json!({"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}});
    let body = whole.to_string().into_bytes();
    let reply = Reply { body, ..Reply::status(200).header("content-type", "application/json") };
    let answer = asked(&prompt(), move |_| reply.clone()).unwrap();
    assert_eq!((answer.text.as_str(), answer.usage.prompt), ("hello", 3));
}

#[test]
fn an_answer_that_breaks_off_is_not_an_answer() {
    let events = [delta(&json!({"content": "half"})), delta(&json!({"content": " of"})), end("stop")];
    let whole = stream(&events);
    let cut = events[0].len() + 10;
    for chunks in [None, Some(9)] {
        let reply = Reply { chunks, ..whole.clone().cut(cut) };
        let problem = asked(&prompt(), move |_| reply.clone()).unwrap_err();
        assert!(problem.what.contains("broke off"), "{problem:?}");
    }
    // A server that closes politely, but too early.
    let body = whole.body[..cut].to_vec();
    let reply = Reply { body, ..whole.clone() };
    let problem = asked(&prompt(), move |_| reply.clone()).unwrap_err();
    assert_eq!(problem.why, "the connection ended before the answer did");
    // What follows the model's end is not needed.
    let reply = whole.clone().cut(whole.body.len() - 5);
    assert_eq!(asked(&prompt(), move |_| reply.clone()).unwrap().text, "half of");
}

#[test]
fn an_error_in_the_middle_is_told() {
    let error = |message: &str| format!("data: {}\n\n", json!({"error": {"message": message, "code": 502}}));
    let events = [delta(&json!({"content": "half"})), error("out of\u{7} memory")];
    let problem = asked(&prompt(), move |_| stream(&events)).unwrap_err();
    assert!(problem.why.ends_with(": out of\\u{7} memory"), "{problem:?}");
    let events = [error("the request exceeds the available context size")];
    let problem = asked(&prompt(), move |_| stream(&events)).unwrap_err();
    assert!(problem.what.contains("does not fit into the context"), "{problem:?}");
}

#[test]
fn an_answer_without_an_end_is_ended() {
    let mut endless = stream(&[]);
    endless.body = [b"data: ".to_vec(), vec![b'x'; events::LONGEST + 1]].concat();
    let problem = asked(&prompt(), move |_| endless.clone()).unwrap_err();
    assert!(problem.why.contains("a line of more than 1048576 bytes"), "{problem:?}");
    let events = vec![delta(&json!({"content": "x".repeat(1 << 19)})); 9];
    let problem = asked(&prompt(), move |_| stream(&events)).unwrap_err();
    assert!(problem.what.contains("too large") && problem.why.contains("4194304"), "{problem:?}");
}

#[test]
fn no_room_for_an_answer_is_a_problem_only_where_there_is_none() {
    let events = [delta(&json!({"reasoning_content": "hm"})), end("length")];
    let problem = asked(&prompt(), move |_| stream(&events)).unwrap_err();
    assert!(problem.why.contains("were spent"), "{problem:?}");
    let events = [delta(&json!({"content": "half"})), end("length")];
    assert_eq!(asked(&prompt(), move |_| stream(&events)).unwrap().text, "half");
    let events = [delta(&json!({"content": "half"})), end("content_filter")];
    assert!(asked(&prompt(), move |_| stream(&events)).unwrap_err().why.contains("filter"));
}

#[test]
fn who_has_heard_enough_is_not_kept_and_the_connection_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, closed) = channel();
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("somebody asks");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        let begin = delta(&json!({"content": "so far", "tool_calls": [call(0, "a", "list", "{}")]}));
        connection.write_all(format!("{head}{begin}").as_bytes()).expect("it is read");
        // Nothing more is sent. What is read ends when the other side closes.
        let mut rest = Vec::new();
        let _ = connection.read_to_end(&mut rest);
        let _ = tell.send(());
    });
    let http = Http::new(model(&base)).unwrap();
    let mut text = String::new();
    let answer = http.ask(&prompt(), &mut |heard| match heard {
        Heard::Piece(Said::Text(piece)) => {
            text.push_str(&piece);
            ControlFlow::Continue(())
        }
        Heard::Nothing if !text.is_empty() => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let answer = answer.unwrap();
    assert_eq!((answer.text.as_str(), answer.calls.len()), ("so far", 0));
    assert!(answer.usage.generated > 0);
    closed.recv_timeout(Duration::from_secs(60)).expect("the connection closes though the provider lives");
    drop(http);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    for body in [None, Some(delta(&json!({"content": "half"})))] {
        let server = StandIn::start(move |_| {
            let body = body.clone().unwrap_or_default();
            let length = body.len() + 10;
            Reply { hang: true, body: body.into_bytes(), ..hello() }.header("content-length", length)
        });
        let mut model = model(&server.base);
        model.patience.silence = Duration::from_millis(200);
        let problem = ask(&Http::new(model).unwrap(), &prompt()).1.unwrap_err();
        assert!(problem.what.ends_with("says nothing") && problem.why.contains("0.2 seconds"), "{problem:?}");
    }
    let events = [delta(&json!({"content": "slowly"})), end("stop")];
    let server = StandIn::start(move |_| stream(&events).cut(30));
    let mut model = model(&server.base);
    model.patience.whole = Duration::ZERO;
    let problem = ask(&Http::new(model).unwrap(), &prompt()).1.unwrap_err();
    assert!(problem.why.contains("took longer than 0 seconds"), "{problem:?}");
}
