// SPDX-License-Identifier: GPL-2.0

//! What is shown while a step runs: on a terminal a line that is drawn again and again, elsewhere a
//! line each minute.

use super::{Console, Sink};
use crate::clock::time_of_day;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is said that a step is still running, where there is no terminal.
const HEARTBEAT: Duration = Duration::from_secs(60);

impl Console {
    pub(super) fn begin(&self, title: &str) -> Ticker {
        let begun = Instant::now();
        let bar = match &self.sink {
            Sink::Terminal => {
                let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stdout());
                let style = ProgressStyle::with_template("  {msg} {elapsed}{prefix}");
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_message(title.to_string());
                bar.enable_steady_tick(Duration::from_millis(500));
                Some(bar)
            }
            Sink::Plain | Sink::Memory { .. } => {
                self.say(format!("  {} {title} ...", time_of_day()));
                None
            }
        };
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (console, said) = (self.clone(), title.to_string());
        let status: Arc<Mutex<String>> = Arc::default();
        let doing = Arc::clone(&status);
        let silent = bar.is_some() || matches!(self.sink, Sink::Memory { .. });
        let heart = (!silent).then(|| {
            thread::spawn(move || {
                while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) =
                    stopped.recv_timeout(HEARTBEAT)
                {
                    let doing = doing.lock().map(|text| text.clone()).unwrap_or_default();
                    console.say(format!(
                        "  {} {said}: still running, {} min{}{doing}",
                        time_of_day(),
                        begun.elapsed().as_secs() / 60,
                        if doing.is_empty() { "" } else { ", last " },
                    ));
                }
            })
        });

        Ticker {
            bar,
            begun,
            status,
            stop: Some(stop),
            heart,
        }
    }
}

/// Shown until it is dropped.
pub(super) struct Ticker {
    pub(super) bar: Option<ProgressBar>,
    pub(super) begun: Instant,
    pub(super) status: Arc<Mutex<String>>,
    stop: Option<std::sync::mpsc::Sender<()>>,
    heart: Option<thread::JoinHandle<()>>,
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.stop.take();
        if let Some(heart) = self.heart.take() {
            let _ = heart.join();
        }
    }
}
