//! Bots: a declaration by an automation's key is enough for its own paths, and for nothing else.

use std::process::Command;

use crate::world::{Clone, World};

/// The team with a bot for lockfiles, in force.
fn with_bot(policy: &str) -> (World, Clone) {
    let world = World::team();
    let ana = world.person("ana");
    let home = world.path().join("homes").join("bot");
    std::fs::create_dir_all(&home).unwrap();
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "bot", "-f"])
        .arg(home.join("key"))
        .status();
    assert!(made.unwrap().success());
    let config = "[user]\n\tname = deps[bot]\n\temail = deps@bots.example.org\n\tsigningkey = ~/key\n[gpg]\n\tformat = ssh\n";
    std::fs::write(home.join(".gitconfig"), config).unwrap();
    let key = std::fs::read_to_string(home.join("key.pub")).unwrap();
    let path = ".countersign/roster.toml";
    let roster = std::fs::read_to_string(ana.path.join(path)).unwrap();
    let bot = format!(
        "\n[[automation]]\nid = \"deps\"\npaths = [\"**/*.lock\"]\nkey = {{ ssh = \"{}\" }}\n",
        key.trim()
    );
    ana.write(path, &format!("{roster}{bot}"));
    let path = ".countersign/policy.toml";
    let before = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &format!("{before}{policy}"));
    ana.countersign(&["trust", "sign", "--confirm", "3"])
        .expect(0, "+ automation deps  **/*.lock  SHA256:");
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Add a bot"]);
    ana.git(&["push", "-q"]);
    let bot = Clone {
        home,
        ..world.fresh("bot")
    };
    (world, bot)
}

/// The bot's change of these files, declared with its key unless somebody else does.
fn land(bot: &Clone, files: &[&str], declares: bool) {
    bot.git(&["switch", "-q", "-C", "bump"]);
    for file in files {
        bot.write(file, "v2\n");
    }
    bot.git(&["add", "-A"]);
    bot.git(&["commit", "-q", "-m", "Bump versions"]);
    if declares {
        bot.countersign(&["declare", "--ai", "none"]).ok();
    }
    bot.git(&["push", "-q", "origin", "HEAD:main"]);
}

const RULE: &str = "\n[[rule]]\nname = \"two\"\nrequire = { signers = 2, level = \"senior\" }\n";

#[test]
fn a_bots_declaration_is_enough_for_its_own_paths() {
    let (world, bot) = with_bot(RULE);
    land(&bot, &["web/yarn.lock", "go.lock"], true);
    world.ci("HEAD~1..HEAD").expect(0, "1 unit (declared none)");
}

#[test]
fn without_its_declaration_its_change_is_like_any_other() {
    let (world, bot) = with_bot(RULE);
    land(&bot, &["go.lock"], false);
    world.ci("HEAD~1..HEAD").expect(1, "error[CS102]");
}

#[test]
fn one_path_that_is_not_its_own_and_its_declaration_counts_for_nothing() {
    let (world, bot) = with_bot(RULE);
    land(&bot, &["go.lock", "lib.rs"], true);
    world
        .ci("HEAD~1..HEAD")
        .expect(1, "CS218 lib.rs is not a path of deps");
}

#[test]
fn what_a_series_undoes_outside_its_paths_counts_too() {
    let (world, bot) = with_bot(RULE);
    bot.git(&["switch", "-q", "-C", "bump"]);
    bot.commit("go.lock", "v2\n", "Bump");
    bot.commit("evil.rs", "x\n", "Add");
    bot.git(&["rm", "-q", "evil.rs"]);
    bot.git(&["commit", "-q", "-m", "Remove"]);
    bot.countersign(&["declare", "--ai", "none"]).ok();
    bot.git(&["push", "-q", "origin", "HEAD:main"]);
    world
        .ci("HEAD~3..HEAD")
        .expect(1, "waiting   2 of 3 units (1 verified)");
}

#[test]
fn a_bot_signs_nothing_off_and_its_address_is_nobodys() {
    let (world, bot) = with_bot("");
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    let signed = bot.sign("tags");
    signed.expect(2, "doesn't know");
    // A junior who commits under the bot's address is a stranger.
    ben.git(&["switch", "-q", "-C", "hidden", "origin/main"]);
    ben.git(&["config", "user.email", "deps@bots.example.org"]);
    ben.commit("go.lock", "v3\n", "Bump versions");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.ci("HEAD~1..HEAD").expect(1, "error[CS102]");
}

#[test]
fn what_is_forbidden_is_forbidden_to_bots() {
    for (lock, status) in [("go.lock", 1), ("web/yarn.lock", 0)] {
        let rule = "\n[[rule]]\nname = \"frozen\"\npaths = [\"go.lock\"]\nforbid = \"frozen for the release\"\n";
        let (world, bot) = with_bot(rule);
        land(&bot, &[lock], true);
        world.ci("HEAD~1..HEAD").expect(status, "");
    }
}
